/** A module that can't be evaluated. */
throw new Error('no licence')
