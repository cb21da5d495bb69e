// Adds the number of tasks to each job. Drops jobs without tasks.

import { Drop, run } from "./taskferry-transform.mjs";

run((job) => {
  const tasks = job.tasks ?? [];
  if (tasks.length === 0) throw new Drop("the job has no tasks");
  return { ...job, task_count: tasks.length };
});
