import { configDefaults, defineConfig } from 'vitest/config'

/** These mock modules or watch their own process, so each file has its own. */
const ISOLATED = ['test/model/**', 'test/executor/**', 'test/adapters/**', 'test/cli/**', 'test/kill/**']

const common = {
  // Measured on two cores: a tenth faster than forks.
  pool: 'threads',
  testTimeout: 10_000,
  hookTimeout: 10_000,
} as const

export default defineConfig({
  test: {
    projects: [
      {
        // Pure tests share their modules: twice as fast.
        test: {
          ...common,
          name: 'shared',
          isolate: false,
          include: ['test/**/*.test.ts'],
          // The tests of test/kafka want a broker and have their own way in.
          exclude: [...configDefaults.exclude, 'test/kafka/**', ...ISOLATED],
        },
      },
      {
        test: { ...common, name: 'isolated', include: ISOLATED.map((folder) => `${folder}/*.test.ts`) },
      },
      {
        test: {
          ...common,
          name: 'kafka',
          include: ['test/kafka/**/*.test.ts'],
          globalSetup: ['test/support/kafka/global-setup.ts'],
          // One file at a time: brokers and what they are asked to do need both cores.
          maxWorkers: 1,
          // A broker starts in three to six seconds, and one that was killed takes its time to be believed dead.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
