export { createMcpClient, type McpClientOptions } from './create-mcp-client.ts'
