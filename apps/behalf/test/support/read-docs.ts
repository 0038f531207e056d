import { readFile } from 'node:fs/promises'

/** A page of the docs. */
export interface DocsPage {
  readonly text: string
  /** The fenced blocks in that language, in order. */
  blocks(language: string): readonly string[]
}

export async function readDocs(name: string): Promise<DocsPage> {
  const text = await readFile(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8')
  return {
    text,
    blocks: (language) =>
      [...text.matchAll(/^```([a-z]*)\n(.*?)^```$/gmsu)].flatMap(([, found, body = '']) =>
        found === language ? [body] : [],
      ),
  }
}
