import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests of test/kafka want a broker and have their own way in.
    exclude: [...configDefaults.exclude, 'test/kafka/**'],
    // Measured on two cores: a tenth faster than forks.
    pool: 'threads',
    testTimeout: 10_000,
    hookTimeout: 10_000,
  },
})
