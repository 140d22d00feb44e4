// Removes what `npm run build` makes, so that a file that left src doesn't stay in the package.
import { rmSync } from 'node:fs'

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
