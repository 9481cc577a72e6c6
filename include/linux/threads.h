#pragma once

/*: 8 The most CPUs that there can be; those that there are */
#define NR_CPUS 64
#define for_each_online_cpu(cpu) for ((cpu) = 0; (cpu) < num_online_cpus(); (cpu)++)
#define for_each_possible_cpu(cpu) for_each_online_cpu(cpu)
#define nr_cpu_ids num_online_cpus()
