// What can go wrong with repositories, and what the person reading can do next.
import { errorTable } from '#lib/errors.ts'

export const fail = errorTable('git', {
  bad_id: { status: 500, advice: 'A repository id is made by Friday: letters, digits, - and _.' },
  bad_ref: { status: 422, advice: 'Use letters, digits, and . _ - / in a branch name, and no leading dash.' },
  unknown_repository: { status: 404, advice: 'Check the project; its repository is made together with it.' },
  unknown_revision: { status: 404, advice: 'Push the commit first, or name a branch, a tag or a commit of this project.' },
  unknown_path: { status: 404, advice: 'Check the path in the commit: it counts from the root of the repository, and must be a folder.' },
  unreadable_file: { status: 422, advice: 'Configuration is read from plain files up to 256 KiB; make the file smaller or name another.' },
  ref_moved: { status: 409, advice: 'Somebody else moved it meanwhile: fetch, look, and push again.' },
  ref_refused: { status: 422, advice: 'A branch cannot lie under another branch (a and a/b), and a branch names a commit.' },
  submodules: { status: 422, advice: 'Submodules are not supported: put their content into the repository, or install it as a package.' },
  too_large: { status: 413, advice: 'Take large files out of the repository, or raise the limit in the settings.' },
  failed: { status: 500, advice: 'Read what git said; it names the cause.' },
  socket_path: { status: 500, advice: 'Choose a shorter folder: a socket may have about 100 characters in its path.' },
})
