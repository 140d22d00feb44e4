/** Loaded by a child process before anything else, so that the child never gets as far as taking a call. */
process.exit(9)
