import { defineError } from '#libs/errors';

export const ExportNotReady = defineError({
  code: 'export_not_ready',
  kind: 'conflict',
  title: 'The file is not written yet',
  help: 'Look at the export until its `status` is `completed`.',
});
export const ExportExpired = defineError({
  code: 'export_expired',
  kind: 'gone',
  title: 'The file is deleted',
  help: 'Files of exports are kept for 24 hours. Ask for a new one.',
});
