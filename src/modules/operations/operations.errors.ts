import { defineError } from '#libs/errors';

export const NotReady = defineError({
  code: 'not_ready',
  kind: 'unavailable',
  title: 'This process cannot serve right now',
  help: '`checks` names the part that is missing. A process that is being stopped says so too, while it finishes.',
});
export const JobNotDead = defineError({
  code: 'job_not_dead',
  kind: 'conflict',
  title: 'Only a dead job can be tried again',
  help: '`state` tells the present state of the job. A queued job comes by itself at `nextAt`.',
});
