/** `horolog jobs reschedule`: a job gets a trigger from now on, and its phase begins anew. */
import type { Command } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { addTriggerFlags, triggerOfFlags } from './job-flags.ts'
import {
  addChangeOptions,
  addLogOption,
  addOutputOption,
  type ChangeOption,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { printChanged } from './print-job.ts'
import type { TriggerOptions } from './trigger-text.ts'

interface RescheduleFlags extends TriggerOptions, LogOption, OutputOption, ChangeOption {}

const EXAMPLES = `
Examples:
  horolog jobs reschedule report --cron '0 10 * * 1-5' --zone Europe/Paris
  horolog jobs reschedule poll --every 5m`

export function addJobsReschedule(jobs: Command): void {
  const command = jobs
    .command('reschedule')
    .description("give a job a trigger from now on; its phase begins anew ('modify' keeps it)")
    .argument('<id>')
  addTriggerFlags(command)
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: RescheduleFlags) => jobsReschedule(id, options))
  addChangeOptions(addOutputOption(addLogOption(command)))
}

async function jobsReschedule(id: string, options: RescheduleFlags): Promise<void> {
  const { changeOptions, changing } = await import('./change-log.ts')
  const trigger = await triggerOfFlags(id, options)
  if (trigger === undefined)
    throw new CliError(EXIT.usage, 'expected a trigger: --cron, --every, --at, --in or --trigger')
  const info = await changing({ ...options, create: false }, async (client) => {
    await client.rescheduleJob(id, trigger, changeOptions(options))
    return client.getJob(id)
  })
  await printChanged(id, { what: 'rescheduled', info }, options.output)
}
