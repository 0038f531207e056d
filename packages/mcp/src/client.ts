export { createMcpClient, type McpClientOptions } from './create-mcp-client.ts'
export { createStdioClient, type StdioClientOptions } from './create-stdio-client.ts'
