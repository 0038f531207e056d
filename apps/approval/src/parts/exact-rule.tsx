import type { ReactNode } from 'react'
import { safeText } from '../words/safe-text.ts'

interface ExactRuleProps {
  readonly rule: object
  readonly label?: string
}

/** A rule as the API will check it, one click away. */
export function ExactRule({ rule, label = 'Exact rule' }: ExactRuleProps): ReactNode {
  return (
    <details className="rule">
      <summary>{label}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that may scroll must be reachable by keyboard */}
      <pre tabIndex={0}>{ruleText(rule)}</pre>
    </details>
  )
}

/** Line by line, so that the line breaks of the layout are not taken for characters of the rule. */
function ruleText(rule: object): string {
  return JSON.stringify(rule, null, 2)
    .split('\n')
    .map((line) => safeText(line))
    .join('\n')
}
