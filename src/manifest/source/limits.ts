// How much configuration one project may have; a repository is hostile until read.

export const MAX_FILE_BYTES = 256 * 1024
export const MAX_TOTAL_BYTES = 2 * 1024 * 1024
export const MAX_DEPTH = 40
/** Nodes of the whole configuration after anchors and includes are put in. */
export const MAX_NODES = 50_000
/** Tokens of one file: what parsing costs grows with them. */
export const MAX_TOKENS = 60_000
export const MAX_INCLUDES = 64
export const MAX_INCLUDE_DEPTH = 8
export const MAX_PROBLEMS = 100
/** Applications and services of one project. */
export const MAX_DEFINITIONS = 200
/** Directories looked into for `.platform.app.yaml`. */
export const MAX_DIRECTORIES = 20_000

/** What has been used up so far, over all files of one reading. */
export interface Usage {
  bytes: number
  nodes: number
  includes: number
}
