/** Lines for people who operate it. Shaped like pino, so that a pino logger fits as it is. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export const SILENT: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} })
