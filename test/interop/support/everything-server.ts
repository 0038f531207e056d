import type { JsonObject } from '@behalf/core'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  type GetPromptResult,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>
type Values = Record<string, unknown>

type InputSchema = { readonly type: 'object' } & JsonObject

/** One tool of the server that the scenarios expect. */
interface Tool {
  readonly inputSchema?: InputSchema
  readonly run: (values: Values, extra: Extra) => CallToolResult | Promise<CallToolResult>
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=='
const image = { type: 'image', data: PNG, mimeType: 'image/png' } as const

const text = (value: string) => ({ type: 'text', text: value }) as const
const result = (...content: CallToolResult['content']): CallToolResult => ({ content })
const resource = (uri: string, mimeType: string, value: string) =>
  ({ type: 'resource', resource: { uri, mimeType, text: value } }) as const
const texts = (...names: readonly string[]): InputSchema => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  required: names,
})

async function elicit(extra: Extra, message: string, properties: Values): Promise<string> {
  const params = { message, requestedSchema: { type: 'object', properties, required: [] } }
  const request = { method: 'elicitation/create', params } as unknown as ServerRequest
  const { action, content } = await extra.sendRequest(request, ElicitResultSchema)
  return `action=${action}, content=${JSON.stringify(content ?? {})}`
}

const TOOLS: Readonly<Record<string, Tool>> = {
  test_simple_text: { run: () => result(text('This is a simple text response for testing.')) },
  test_image_content: { run: () => result(image) },
  test_audio_content: { run: () => result({ type: 'audio', data: WAV, mimeType: 'audio/wav' }) },
  test_embedded_resource: {
    run: () =>
      result(resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')),
  },
  test_multiple_content_types: {
    run: () =>
      result(
        text('Multiple content types test:'),
        image,
        resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
      ),
  },
  test_tool_with_logging: {
    run: async (_, { sendNotification }) => {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await sendNotification({ method: 'notifications/message', params: { level: 'info', data } })
      }
      return result(text('logged'))
    },
  },
  test_error_handling: {
    run: () => ({
      ...result(text('This tool intentionally returns an error for testing')),
      isError: true,
    }),
  },
  test_tool_with_progress: {
    run: async (_, { _meta, sendNotification }) => {
      const { progressToken } = _meta ?? {}
      if (progressToken === undefined) return result(text('nobody asked'))
      for (const progress of [0, 50, 100]) {
        const params = { progressToken, progress, total: 100 }
        await sendNotification({ method: 'notifications/progress', params })
      }
      return result(text('told'))
    },
  },
  test_sampling: {
    inputSchema: texts('prompt'),
    run: async ({ prompt }, { sendRequest }) => {
      const messages = [{ role: 'user' as const, content: text(String(prompt)) }]
      const params = { messages, maxTokens: 100 }
      const { content } = await sendRequest(
        { method: 'sampling/createMessage', params },
        CreateMessageResultSchema,
      )
      return result(text(`LLM response: ${JSON.stringify(content)}`))
    },
  },
  test_elicitation: {
    inputSchema: texts('message'),
    run: async ({ message }, extra) => {
      const properties = { username: { type: 'string' }, email: { type: 'string' } }
      return result(text(`User response: ${await elicit(extra, String(message), properties)}`))
    },
  },
  test_elicitation_sep1034_defaults: {
    run: async (_, extra) => {
      const properties = {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      }
      return result(text(`Elicitation completed: ${await elicit(extra, 'Defaults', properties)}`))
    },
  },
  test_elicitation_sep1330_enums: {
    run: async (_, extra) => {
      const names = ['option1', 'option2', 'option3']
      const titled = [
        { const: 'value1', title: 'First' },
        { const: 'value2', title: 'Second' },
      ]
      const properties = {
        untitledSingle: { type: 'string', enum: names },
        titledSingle: { type: 'string', oneOf: titled },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['Option One', 'Option Two'] },
        untitledMulti: { type: 'array', items: { type: 'string', enum: names } },
        titledMulti: { type: 'array', items: { anyOf: titled } },
      }
      return result(text(`Elicitation completed: ${await elicit(extra, 'Choices', properties)}`))
    },
  },
  json_schema_2020_12_tool: {
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
      additionalProperties: false,
    },
    run: () => result(text('valid')),
  },
}

/** The tools as `tools/list` tells of them. */
export const TOOL_DEFINITIONS = Object.entries(TOOLS).map(([name, { inputSchema }]) => ({
  name,
  description: `For the scenario of ${name}`,
  inputSchema: inputSchema ?? { type: 'object' as const, properties: {} },
}))

const user = (content: GetPromptResult['messages'][number]['content']) => ({ role: 'user', content }) as const

const PROMPTS: Readonly<Record<string, (values: Record<string, string>) => GetPromptResult['messages']>> = {
  test_simple_prompt: () => [user(text('This is a simple prompt for testing.'))],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [
    user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  ],
  test_prompt_with_embedded_resource: ({ resourceUri = '' }) => [
    user(resource(resourceUri, 'text/plain', 'Embedded resource content for testing.')),
    user(text('Please process the embedded resource above.')),
  ],
  test_prompt_with_image: () => [user(image), user(text('Please analyze the image above.'))],
}
const PROMPT_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  test_prompt_with_arguments: ['arg1', 'arg2'],
  test_prompt_with_embedded_resource: ['resourceUri'],
}

const STATIC_TEXT = 'This is the content of the static text resource.'
const RESOURCES: Readonly<Record<string, Values>> = {
  'test://static-text': { mimeType: 'text/plain', text: STATIC_TEXT },
  'test://static-binary': { mimeType: 'image/png', blob: PNG },
  'test://watched-resource': { mimeType: 'text/plain', text: 'watched' },
}
const TEMPLATE = /^test:\/\/template\/(\w+)\/data$/u

/** The server that the scenarios of the conformance suite expect, on the SDK 1.x. */
export function createEverythingServer(): Server {
  const server = new Server(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {}, completions: {} },
    },
  )
  serveTools(server)
  serveResources(server)
  servePrompts(server)
  server.setRequestHandler(SetLevelRequestSchema, () => ({}))
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0 } }))
  return server
}

function serveTools(server: Server): void {
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOL_DEFINITIONS }))
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name, arguments: values = {} } }, extra) =>
    find(TOOLS, name).run(values, extra),
  )
}

function serveResources(server: Server): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: Object.keys(RESOURCES).map((uri) => ({ uri, name: uri, description: `At ${uri}` })),
  }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'data' }],
  }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const id = TEMPLATE.exec(uri)?.[1]
    const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })
    const content = id === undefined ? find(RESOURCES, uri) : { mimeType: 'application/json', text: data }
    return { contents: [{ uri, ...(content as { text: string }) }] }
  })
  server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}))
}

function servePrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: Object.keys(PROMPTS).map((name) => ({
      name,
      description: `For the scenario of ${name}`,
      arguments: (PROMPT_ARGUMENTS[name] ?? []).map((argument) => ({ name: argument, required: true })),
    })),
  }))
  server.setRequestHandler(GetPromptRequestSchema, ({ params: { name, arguments: values = {} } }) => ({
    messages: find(PROMPTS, name)(values),
  }))
}

function find<Value>(table: Readonly<Record<string, Value>>, name: string): Value {
  const { [name]: found } = table
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}
