/* What the simulated NVML and its Python driver share: one file, mapped by both.
 *
 * The layout is mirrored field by field by `state.py`; `sim_layout()` lets the driver
 * check that both agree. Times are seconds of `clock_id`; energies J, powers W.
 */
#ifndef NVML_SIM_H
#define NVML_SIM_H

#include <stdint.h>

#define MAX_GPUS 16
#define MAX_SEGMENTS 1024
#define MAX_PROCESSES 64
#define MAX_MIG 7
#define MAX_RULES 64
#define MAX_FUNCTIONS 64
#define NAME_BYTES 96

/* From start_s after the profile's epoch, power goes from watts0 to watts1. */
typedef struct {
  double start_s, duration_s, watts0, watts1;
  double energy_j; /* of the cycle before this segment */
} sim_segment;

/* kind 0: compute, 1: graphics, 2: MPS, 3: ended, but sampled before. */
typedef struct {
  uint64_t memory_bytes;
  uint32_t pid, kind, sm_percent, gpu_instance, compute_instance, unused;
} sim_process;

typedef struct {
  char uuid[NAME_BYTES];
  uint64_t memory_mb;
  uint32_t gpu_instance, compute_instance, slices, multiprocessors;
} sim_mig;

typedef struct {
  char uuid[NAME_BYTES], name[NAME_BYTES];
  double epoch_s, cycle_s, cycle_j; /* cycle_s 0: the profile does not repeat */
  double before_w, after_w;         /* power outside the profile */
  double counter_at_epoch_j;
  double counter_update_s, power_update_s, update_phase_s;
  double plain_window_s; /* what the plain power reading is averaged over; 0: instant */
  double average_window_s, instant_window_s;
  uint64_t memory_total_bytes, memory_used_bytes;
  uint32_t present, architecture, capability_major, capability_minor;
  uint32_t limit_mw, max_limit_mw, temperature_c, utilization_percent;
  uint32_t mig_mode, mig_count, process_count, segment_count;
  sim_mig mig[MAX_MIG];
  sim_process processes[MAX_PROCESSES];
  sim_segment segments[MAX_SEGMENTS];
} sim_gpu;

/* While it holds, calls of `function` ("*": any) are late, or answer `code`. */
typedef struct {
  char function[NAME_BYTES];
  double from_s, until_s, latency_s;
  int32_t gpu, code, remaining, unused; /* gpu, remaining: -1 for all, for ever */
} sim_rule;

typedef struct {
  char name[NAME_BYTES];
  uint64_t calls;
} sim_function;

typedef struct {
  uint32_t magic, sequence; /* odd while the driver writes */
  int32_t clock_id;
  uint32_t gpu_count, rule_count, driver_generation;
  int32_t cuda_version;
  uint32_t unused;
  char driver_version[NAME_BYTES];
  sim_rule rules[MAX_RULES];
  sim_function functions[MAX_FUNCTIONS];
  sim_gpu gpus[MAX_GPUS];
} sim_state;

#define SIM_MAGIC 0x4e564d31u

#endif
