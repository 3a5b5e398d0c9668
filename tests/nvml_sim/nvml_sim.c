/* A simulated libnvidia-ml.so.1: the entry points that energy trackers call.
 *
 * It maps `nvml_sim.state` beside itself (or the file named by NVML_SIM_STATE) and
 * answers from it. Power is a piecewise linear function of time, so that the energy
 * over any span is known exactly; the counter and the power readings are renewed only
 * every update period, as the real ones are.
 *
 * Signatures and struct layouts: nvidia-ml-py 13 (pynvml.py) and NVIDIA's NVML API
 * reference guide.
 */
#define _GNU_SOURCE
#include "nvml_sim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int nvmlReturn_t;
enum {
  SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3,
  NOT_FOUND = 6, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15,
};
#define API __attribute__((visibility("default")))
#define NOT_AVAILABLE 0xffffffffu

typedef struct { int gpu, mig; } handle; /* mig -1: the board itself */
typedef handle *nvmlDevice_t;
static handle handles[MAX_GPUS][MAX_MIG + 1];

static sim_state *state;
static int init_count;
static uint32_t init_generation;

#define FUNCTIONS(X)                                                                 \
  X(nvmlInit) X(nvmlShutdown) X(nvmlSystemGetDriverVersion)                          \
  X(nvmlSystemGetNVMLVersion) X(nvmlSystemGetCudaDriverVersion)                      \
  X(nvmlDeviceGetCount) X(nvmlDeviceGetHandleByIndex) X(nvmlDeviceGetHandleByUUID)   \
  X(nvmlDeviceGetHandleByPciBusId) X(nvmlDeviceGetUUID) X(nvmlDeviceGetName)         \
  X(nvmlDeviceGetIndex) X(nvmlDeviceGetMinorNumber) X(nvmlDeviceGetPciInfo)          \
  X(nvmlDeviceGetArchitecture) X(nvmlDeviceGetCudaComputeCapability)                 \
  X(nvmlDeviceGetTotalEnergyConsumption) X(nvmlDeviceGetPowerUsage)                  \
  X(nvmlDeviceGetFieldValues) X(nvmlDeviceGetUtilizationRates)                       \
  X(nvmlDeviceGetMemoryInfo) X(nvmlDeviceGetTemperature)                             \
  X(nvmlDeviceGetPowerManagementLimit) X(nvmlDeviceGetPowerManagementDefaultLimit)   \
  X(nvmlDeviceGetEnforcedPowerLimit) X(nvmlDeviceGetPowerManagementLimitConstraints) \
  X(nvmlDeviceGetComputeMode) X(nvmlDeviceGetPersistenceMode)                        \
  X(nvmlDeviceGetComputeRunningProcesses) X(nvmlDeviceGetGraphicsRunningProcesses)   \
  X(nvmlDeviceGetMPSComputeRunningProcesses) X(nvmlDeviceGetProcessUtilization)      \
  X(nvmlDeviceGetMigMode) X(nvmlDeviceGetMaxMigDeviceCount)                          \
  X(nvmlDeviceGetMigDeviceHandleByIndex)                                             \
  X(nvmlDeviceGetDeviceHandleFromMigDeviceHandle) X(nvmlDeviceIsMigDeviceHandle)     \
  X(nvmlDeviceGetGpuInstanceId) X(nvmlDeviceGetComputeInstanceId)                    \
  X(nvmlDeviceGetAttributes)

#define AS_ENUM(name) FN_##name,
#define AS_NAME(name) #name,
enum { FUNCTIONS(AS_ENUM) FN_COUNT };
static const char *const function_names[] = {FUNCTIONS(AS_NAME)};
_Static_assert(FN_COUNT <= MAX_FUNCTIONS, "MAX_FUNCTIONS is too small");

/* ---- the mapped state ------------------------------------------------------ */

static void state_path(char *path, size_t size) {
  const char *named = getenv("NVML_SIM_STATE");
  Dl_info self;
  if (named && *named) {
    snprintf(path, size, "%s", named);
  } else if (dladdr((void *)state_path, &self) && strchr(self.dli_fname, '/')) {
    int folder = (int)(strrchr(self.dli_fname, '/') - self.dli_fname);
    snprintf(path, size, "%.*s/nvml_sim.state", folder, self.dli_fname);
  } else {
    snprintf(path, size, "nvml_sim.state");
  }
}

API int sim_attach(const char *path) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return -1;
  sim_state *map =
      mmap(NULL, sizeof(sim_state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map == MAP_FAILED) return -1;
  if (map->magic != SIM_MAGIC) {
    munmap(map, sizeof(sim_state));
    return -1;
  }
  if (state) munmap(state, sizeof(sim_state));
  state = map;
  init_count = 0;
  for (int i = 0; i < FN_COUNT; i++)
    snprintf(state->functions[i].name, NAME_BYTES, "%s", function_names[i]);
  for (int g = 0; g < MAX_GPUS; g++)
    for (int m = 0; m <= MAX_MIG; m++) handles[g][m] = (handle){g, m - 1};
  return 0;
}

API size_t sim_layout(int which) {
  const size_t sizes[] = {sizeof(sim_state), sizeof(sim_gpu), sizeof(sim_rule),
                          offsetof(sim_state, gpus), offsetof(sim_gpu, segments)};
  return which < 5 ? sizes[which] : 0;
}

static void wait_for_writer(void) {
  /* A driver that died while it wrote must not hang its readers: bounded. */
  for (int i = 0; i < 10000; i++) {
    if (!(__atomic_load_n(&state->sequence, __ATOMIC_ACQUIRE) & 1)) return;
    sched_yield();
  }
}

static double clock_s(void) {
  struct timespec t;
  clock_gettime(state->clock_id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t epoch_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void delay(double seconds) {
  struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
  nanosleep(&t, NULL);
}

/* What the rules say about a call: a delay that is spent here, and an answer. */
static nvmlReturn_t rules_for(const char *function, int gpu) {
  if (!state->rule_count) return SUCCESS;
  double now_s = clock_s();
  for (uint32_t i = 0; i < state->rule_count && i < MAX_RULES; i++) {
    sim_rule *r = &state->rules[i];
    if (strcmp(r->function, "*") && strcmp(r->function, function)) continue;
    if (r->gpu >= 0 && r->gpu != gpu) continue;
    if (now_s < r->from_s || now_s >= r->until_s || r->remaining == 0) continue;
    if (r->remaining > 0) r->remaining--;
    if (r->latency_s > 0) delay(r->latency_s);
    if (r->code) return r->code;
  }
  return SUCCESS;
}

static nvmlReturn_t enter(int function, int gpu) {
  if (!state || init_count == 0) return UNINITIALIZED;
  wait_for_writer();
  __atomic_add_fetch(&state->functions[function].calls, 1, __ATOMIC_RELAXED);
  if (init_generation != state->driver_generation) return UNINITIALIZED;
  return rules_for(function_names[function], gpu);
}

static nvmlReturn_t enter_device(int function, nvmlDevice_t d) {
  if (!state || init_count == 0) return UNINITIALIZED;
  if (d < &handles[0][0] || d > &handles[MAX_GPUS - 1][MAX_MIG])
    return INVALID_ARGUMENT;
  nvmlReturn_t r = enter(function, d->gpu);
  if (r) return r;
  return state->gpus[d->gpu].present ? SUCCESS : GPU_IS_LOST;
}

#define ENTER(fn)                                                                    \
  do {                                                                               \
    nvmlReturn_t r_ = enter(FN_##fn, -1);                                            \
    if (r_) return r_;                                                               \
  } while (0)
#define ENTER_DEVICE(fn, d)                                                          \
  do {                                                                               \
    nvmlReturn_t r_ = enter_device(FN_##fn, d);                                      \
    if (r_) return r_;                                                               \
  } while (0)
/* Board-wide answers: a MIG instance has none of its own. */
#define ENTER_BOARD(fn, d)                                                           \
  do {                                                                               \
    ENTER_DEVICE(fn, d);                                                             \
    if ((d)->mig >= 0) return NOT_SUPPORTED;                                         \
  } while (0)
#define BOARD(d) (&state->gpus[(d)->gpu])

/* ---- power and energy over time -------------------------------------------- */

static const sim_segment *segment_at(const sim_gpu *g, double at_s) {
  uint32_t low = 0, high = g->segment_count;
  while (high - low > 1) {
    uint32_t mid = (low + high) / 2;
    if (g->segments[mid].start_s <= at_s) low = mid;
    else high = mid;
  }
  return &g->segments[low];
}

/* Energy in J from the profile's epoch to `at_s`; negative before it. */
static double energy_j(const sim_gpu *g, double at_s) {
  double t = at_s - g->epoch_s, whole_j = 0;
  if (t <= 0 || g->segment_count == 0) return t * (t <= 0 ? g->before_w : g->after_w);
  if (g->cycle_s > 0) {
    double cycles = floor(t / g->cycle_s);
    whole_j = cycles * g->cycle_j;
    t -= cycles * g->cycle_s;
  }
  const sim_segment *s = segment_at(g, t);
  double within_s = fmin(t - s->start_s, s->duration_s);
  double slope = (s->watts1 - s->watts0) / s->duration_s;
  double j = s->energy_j + within_s * (s->watts0 + 0.5 * slope * within_s);
  return whole_j + j + (t - s->start_s - within_s) * g->after_w;
}

static double power_w(const sim_gpu *g, double at_s) {
  double t = at_s - g->epoch_s;
  if (t < 0) return g->before_w;
  if (g->segment_count == 0) return g->after_w;
  if (g->cycle_s > 0) t -= floor(t / g->cycle_s) * g->cycle_s;
  const sim_segment *s = segment_at(g, t);
  double within_s = t - s->start_s;
  if (within_s >= s->duration_s) return g->after_w;
  return s->watts0 + (s->watts1 - s->watts0) * within_s / s->duration_s;
}

/* The moment a value that is renewed every `period_s` was renewed last. */
static double renewed_s(const sim_gpu *g, double period_s) {
  double now_s = clock_s();
  if (period_s <= 0) return now_s;
  return floor((now_s - g->update_phase_s) / period_s) * period_s + g->update_phase_s;
}

static unsigned long long counter_mj(const sim_gpu *g) {
  double j = g->counter_at_epoch_j + energy_j(g, renewed_s(g, g->counter_update_s));
  return j <= 0 ? 0 : (unsigned long long)floor(j * 1000.0);
}

static unsigned int power_mw(const sim_gpu *g, double window_s) {
  double at_s = renewed_s(g, g->power_update_s);
  double w = window_s > 0
                 ? (energy_j(g, at_s) - energy_j(g, at_s - window_s)) / window_s
                 : power_w(g, at_s);
  return w <= 0 ? 0 : (unsigned int)lround(w * 1000.0);
}

/* ---- library and system ---------------------------------------------------- */

API nvmlReturn_t nvmlInitWithFlags(unsigned int flags) {
  (void)flags;
  char path[4096];
  if (!state) {
    state_path(path, sizeof path);
    if (sim_attach(path)) return DRIVER_NOT_LOADED;
  }
  wait_for_writer();
  __atomic_add_fetch(&state->functions[FN_nvmlInit].calls, 1, __ATOMIC_RELAXED);
  nvmlReturn_t r = rules_for("nvmlInit", -1);
  if (r) return r;
  init_count++;
  init_generation = state->driver_generation;
  return SUCCESS;
}
API nvmlReturn_t nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
API nvmlReturn_t nvmlInit(void) { return nvmlInitWithFlags(0); }

API nvmlReturn_t nvmlShutdown(void) {
  if (!state) return UNINITIALIZED;
  __atomic_add_fetch(&state->functions[FN_nvmlShutdown].calls, 1, __ATOMIC_RELAXED);
  if (init_count == 0) return UNINITIALIZED;
  init_count--;
  return SUCCESS;
}

API const char *nvmlErrorString(nvmlReturn_t r) {
  return r == SUCCESS ? "Success" : "Simulated error";
}

API nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length) {
  ENTER(nvmlSystemGetDriverVersion);
  snprintf(version, length, "%s", state->driver_version);
  return SUCCESS;
}
API nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int length) {
  ENTER(nvmlSystemGetNVMLVersion);
  snprintf(version, length, "13.%s", state->driver_version);
  return SUCCESS;
}
API nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version) {
  ENTER(nvmlSystemGetCudaDriverVersion);
  *version = state->cuda_version;
  return SUCCESS;
}
API nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) {
  return nvmlSystemGetCudaDriverVersion(version);
}

/* ---- handles and identity -------------------------------------------------- */

API nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
  ENTER(nvmlDeviceGetCount);
  *count = 0;
  for (uint32_t g = 0; g < state->gpu_count; g++) *count += state->gpus[g].present;
  return SUCCESS;
}
API nvmlReturn_t nvmlDeviceGetCount(unsigned int *count) {
  return nvmlDeviceGetCount_v2(count);
}

API nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *d) {
  ENTER(nvmlDeviceGetHandleByIndex);
  for (uint32_t g = 0; g < state->gpu_count; g++) {
    if (!state->gpus[g].present || index-- != 0) continue;
    nvmlReturn_t r = rules_for("nvmlDeviceGetHandleByIndex", (int)g);
    if (r) return r;
    *d = &handles[g][0];
    return SUCCESS;
  }
  return INVALID_ARGUMENT;
}
API nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned int index, nvmlDevice_t *d) {
  return nvmlDeviceGetHandleByIndex_v2(index, d);
}

API nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *d) {
  ENTER(nvmlDeviceGetHandleByUUID);
  for (uint32_t g = 0; g < state->gpu_count; g++) {
    sim_gpu *board = &state->gpus[g];
    if (!board->present) continue;
    if (!strcmp(board->uuid, uuid)) {
      *d = &handles[g][0];
      return SUCCESS;
    }
    for (uint32_t m = 0; m < board->mig_count; m++)
      if (!strcmp(board->mig[m].uuid, uuid)) {
        *d = &handles[g][m + 1];
        return SUCCESS;
      }
  }
  return NOT_FOUND;
}

API nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t d, char *uuid, unsigned int length) {
  ENTER_DEVICE(nvmlDeviceGetUUID, d);
  snprintf(uuid, length, "%s", d->mig < 0 ? BOARD(d)->uuid : BOARD(d)->mig[d->mig].uuid);
  return SUCCESS;
}

API nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t d, char *name, unsigned int length) {
  ENTER_DEVICE(nvmlDeviceGetName, d);
  if (d->mig < 0) {
    snprintf(name, length, "%s", BOARD(d)->name);
  } else {
    const sim_mig *m = &BOARD(d)->mig[d->mig];
    snprintf(name, length, "%s MIG %ug.%ugb", BOARD(d)->name, m->slices,
             (unsigned)(m->memory_mb / 1024));
  }
  return SUCCESS;
}

static unsigned int index_of(nvmlDevice_t d) {
  unsigned int index = 0;
  for (int g = 0; g < d->gpu; g++) index += state->gpus[g].present;
  return index;
}
API nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t d, unsigned int *index) {
  ENTER_DEVICE(nvmlDeviceGetIndex, d);
  *index = index_of(d);
  return SUCCESS;
}
API nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t d, unsigned int *minor) {
  ENTER_BOARD(nvmlDeviceGetMinorNumber, d);
  *minor = (unsigned int)d->gpu;
  return SUCCESS;
}

typedef struct {
  char bus_id_legacy[16];
  unsigned int domain, bus, device, pci_device_id, pci_subsystem_id;
  char bus_id[32];
} pci_info;
API nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t d, pci_info *pci) {
  ENTER_BOARD(nvmlDeviceGetPciInfo, d);
  memset(pci, 0, sizeof *pci);
  pci->bus = 0x10u + (unsigned)d->gpu;
  pci->pci_device_id = 0x233510deu;
  snprintf(pci->bus_id_legacy, sizeof pci->bus_id_legacy, "0000:%02X:00.0", pci->bus);
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", pci->bus);
  return SUCCESS;
}

API nvmlReturn_t nvmlDeviceGetArchitecture(nvmlDevice_t d, unsigned int *architecture) {
  ENTER_DEVICE(nvmlDeviceGetArchitecture, d);
  *architecture = BOARD(d)->architecture;
  return SUCCESS;
}
API nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t d, int *major,
                                                    int *minor) {
  ENTER_DEVICE(nvmlDeviceGetCudaComputeCapability, d);
  *major = (int)BOARD(d)->capability_major;
  *minor = (int)BOARD(d)->capability_minor;
  return SUCCESS;
}

/* ---- energy and power ------------------------------------------------------ */

API nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t d,
                                                     unsigned long long *mj) {
  ENTER_BOARD(nvmlDeviceGetTotalEnergyConsumption, d);
  *mj = counter_mj(BOARD(d));
  return SUCCESS;
}

API nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned int *mw) {
  ENTER_BOARD(nvmlDeviceGetPowerUsage, d);
  *mw = power_mw(BOARD(d), BOARD(d)->plain_window_s);
  return SUCCESS;
}

typedef union {
  double d;
  unsigned int ui;
  unsigned long long ull;
} field_value;
typedef struct {
  uint32_t field, scope;
  int64_t timestamp_us, latency_us;
  int32_t type;
  nvmlReturn_t result;
  field_value value;
} field;

static void answer_field(nvmlDevice_t d, field *f) {
  char name[32];
  snprintf(name, sizeof name, "field:%u", f->field);
  f->timestamp_us = (int64_t)epoch_us();
  f->type = 1;
  f->value.ull = 0;
  f->result = rules_for(name, d->gpu);
  if (f->result) return;
  f->result = SUCCESS;
  if (f->field == 83) {
    f->type = 3;
    f->value.ull = counter_mj(BOARD(d));
  } else if (f->field == 185 && f->scope == 0) {
    f->value.ui = power_mw(BOARD(d), BOARD(d)->average_window_s);
  } else if (f->field == 186 && f->scope == 0) {
    f->value.ui = power_mw(BOARD(d), BOARD(d)->instant_window_s);
  } else if (f->field == 188) {
    f->value.ui = BOARD(d)->max_limit_mw;
  } else if (f->field == 190) {
    f->value.ui = BOARD(d)->limit_mw;
  } else {
    f->result = f->field < 300 ? NOT_SUPPORTED : INVALID_ARGUMENT;
  }
}
API nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t d, int count, field *fields) {
  ENTER_BOARD(nvmlDeviceGetFieldValues, d);
  if (count <= 0 || !fields) return INVALID_ARGUMENT;
  for (int i = 0; i < count; i++) answer_field(d, &fields[i]);
  return SUCCESS;
}

#define BOARD_VALUE(fn, expression)                                                  \
  API nvmlReturn_t fn(nvmlDevice_t d, unsigned int *out) {                           \
    ENTER_BOARD(fn, d);                                                              \
    *out = (expression);                                                             \
    return SUCCESS;                                                                  \
  }
BOARD_VALUE(nvmlDeviceGetPowerManagementLimit, BOARD(d)->limit_mw)
BOARD_VALUE(nvmlDeviceGetPowerManagementDefaultLimit, BOARD(d)->limit_mw)
BOARD_VALUE(nvmlDeviceGetEnforcedPowerLimit, BOARD(d)->limit_mw)
BOARD_VALUE(nvmlDeviceGetComputeMode, 0)
BOARD_VALUE(nvmlDeviceGetPersistenceMode, 1)

API nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t d,
                                                              unsigned int *min_mw,
                                                              unsigned int *max_mw) {
  ENTER_BOARD(nvmlDeviceGetPowerManagementLimitConstraints, d);
  *min_mw = BOARD(d)->max_limit_mw / 4;
  *max_mw = BOARD(d)->max_limit_mw;
  return SUCCESS;
}

/* ---- load, memory, temperature --------------------------------------------- */

API nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t d, unsigned int *rates) {
  ENTER_BOARD(nvmlDeviceGetUtilizationRates, d);
  if (BOARD(d)->mig_mode) return NOT_SUPPORTED;
  rates[0] = BOARD(d)->utilization_percent;
  rates[1] = BOARD(d)->utilization_percent / 2;
  return SUCCESS;
}

typedef struct { unsigned long long total, free, used; } memory_v1;
typedef struct {
  unsigned int version;
  unsigned long long total, reserved, free, used;
} memory_v2;
API nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, memory_v1 *m) {
  ENTER_DEVICE(nvmlDeviceGetMemoryInfo, d);
  m->total = BOARD(d)->memory_total_bytes;
  m->used = BOARD(d)->memory_used_bytes;
  m->free = m->total - m->used;
  return SUCCESS;
}
API nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t d, memory_v2 *m) {
  ENTER_DEVICE(nvmlDeviceGetMemoryInfo, d);
  m->total = BOARD(d)->memory_total_bytes;
  m->reserved = m->total / 256;
  m->used = BOARD(d)->memory_used_bytes;
  m->free = m->total - m->used - m->reserved;
  return SUCCESS;
}

API nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, int sensor,
                                          unsigned int *celsius) {
  ENTER_BOARD(nvmlDeviceGetTemperature, d);
  if (sensor != 0) return INVALID_ARGUMENT;
  *celsius = BOARD(d)->temperature_c;
  return SUCCESS;
}
typedef struct { unsigned int version, sensor; int celsius; } temperature_v1;
API nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t d, temperature_v1 *t) {
  ENTER_BOARD(nvmlDeviceGetTemperature, d);
  t->celsius = (int)BOARD(d)->temperature_c;
  return SUCCESS;
}

/* ---- processes ------------------------------------------------------------- */

typedef struct { unsigned int pid; unsigned long long memory; } process_v1;
typedef struct {
  unsigned int pid;
  unsigned long long memory;
  unsigned int gpu_instance, compute_instance;
} process_v3;

static int belongs(nvmlDevice_t d, const sim_process *p) {
  if (d->mig < 0) return 1;
  const sim_mig *m = &BOARD(d)->mig[d->mig];
  return p->gpu_instance == m->gpu_instance && p->compute_instance == m->compute_instance;
}

/* A process of no such kind has ended: it is in no list, but samples of it remain. */
static nvmlReturn_t list_processes(nvmlDevice_t d, unsigned int kind, int version,
                                   unsigned int *count, void *out) {
  unsigned int room = *count, found = 0;
  const sim_gpu *g = BOARD(d);
  for (uint32_t i = 0; i < g->process_count; i++) {
    const sim_process *p = &g->processes[i];
    if (p->kind != kind || !belongs(d, p)) continue;
    if (out && found < room && version == 1)
      ((process_v1 *)out)[found] = (process_v1){p->pid, p->memory_bytes};
    if (out && found < room && version != 1)
      ((process_v3 *)out)[found] =
          (process_v3){p->pid, p->memory_bytes,
                       g->mig_mode ? p->gpu_instance : NOT_AVAILABLE,
                       g->mig_mode ? p->compute_instance : NOT_AVAILABLE};
    found++;
  }
  *count = found;
  return found > room ? INSUFFICIENT_SIZE : SUCCESS;
}

#define PROCESS_LIST(fn, symbol, kind, version)                                      \
  API nvmlReturn_t symbol(nvmlDevice_t d, unsigned int *count, void *out) {          \
    ENTER_DEVICE(fn, d);                                                             \
    return list_processes(d, kind, version, count, out);                         \
  }
#define COMPUTE nvmlDeviceGetComputeRunningProcesses
#define GRAPHICS nvmlDeviceGetGraphicsRunningProcesses
#define MPS nvmlDeviceGetMPSComputeRunningProcesses
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses, COMPUTE, 0, 1)
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses,
             nvmlDeviceGetComputeRunningProcesses_v2, 0, 2)
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses,
             nvmlDeviceGetComputeRunningProcesses_v3, 0, 3)
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses, GRAPHICS, 1, 1)
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses,
             nvmlDeviceGetGraphicsRunningProcesses_v2, 1, 2)
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses,
             nvmlDeviceGetGraphicsRunningProcesses_v3, 1, 3)
PROCESS_LIST(nvmlDeviceGetMPSComputeRunningProcesses, MPS, 2, 1)
PROCESS_LIST(nvmlDeviceGetMPSComputeRunningProcesses,
             nvmlDeviceGetMPSComputeRunningProcesses_v3, 2, 3)

typedef struct {
  unsigned int pid;
  unsigned long long timestamp_us;
  unsigned int sm, memory, encoder, decoder;
} utilization_sample;

/* Samples are taken every 1/6 s (NVML reference: between 1 s and 1/6 s); one entry
 * for each process that was busy, if its sample is newer than the caller's last. */
#define SAMPLE_US 166667u
API nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t d, utilization_sample *out,
                                                 unsigned int *count,
                                                 unsigned long long last_seen_us) {
  ENTER_BOARD(nvmlDeviceGetProcessUtilization, d);
  const sim_gpu *g = BOARD(d);
  if (g->mig_mode) return NOT_SUPPORTED;
  unsigned int room = *count, found = 0;
  uint64_t sampled_us = epoch_us() / SAMPLE_US * SAMPLE_US;
  for (uint32_t i = 0; i < g->process_count && sampled_us > last_seen_us; i++) {
    const sim_process *p = &g->processes[i];
    if (p->sm_percent == 0) continue;
    if (out && found < room)
      out[found] = (utilization_sample){p->pid, sampled_us, p->sm_percent, 0, 0, 0};
    found++;
  }
  *count = found;
  if (found == 0) return NOT_FOUND;
  return !out || found > room ? INSUFFICIENT_SIZE : SUCCESS;
}

/* ---- MIG ------------------------------------------------------------------- */

API nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t d, unsigned int *current,
                                      unsigned int *pending) {
  ENTER_BOARD(nvmlDeviceGetMigMode, d);
  if (BOARD(d)->architecture < 7) return NOT_SUPPORTED;
  *current = *pending = BOARD(d)->mig_mode;
  return SUCCESS;
}
BOARD_VALUE(nvmlDeviceGetMaxMigDeviceCount, BOARD(d)->architecture < 7 ? 0 : MAX_MIG)

API nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t d, unsigned int index,
                                                     nvmlDevice_t *out) {
  ENTER_BOARD(nvmlDeviceGetMigDeviceHandleByIndex, d);
  if (!BOARD(d)->mig_mode || index >= BOARD(d)->mig_count) return NOT_FOUND;
  *out = &handles[d->gpu][index + 1];
  return SUCCESS;
}
API nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t d,
                                                              nvmlDevice_t *out) {
  ENTER_DEVICE(nvmlDeviceGetDeviceHandleFromMigDeviceHandle, d);
  *out = &handles[d->gpu][0];
  return d->mig < 0 ? INVALID_ARGUMENT : SUCCESS;
}
API nvmlReturn_t nvmlDeviceIsMigDeviceHandle(nvmlDevice_t d, unsigned int *is_mig) {
  ENTER_DEVICE(nvmlDeviceIsMigDeviceHandle, d);
  *is_mig = d->mig >= 0;
  return SUCCESS;
}
#define MIG_VALUE(fn, member)                                                        \
  API nvmlReturn_t fn(nvmlDevice_t d, unsigned int *out) {                           \
    ENTER_DEVICE(fn, d);                                                             \
    if (d->mig < 0) return NOT_SUPPORTED;                                            \
    *out = BOARD(d)->mig[d->mig].member;                                             \
    return SUCCESS;                                                                  \
  }
MIG_VALUE(nvmlDeviceGetGpuInstanceId, gpu_instance)
MIG_VALUE(nvmlDeviceGetComputeInstanceId, compute_instance)

typedef struct {
  unsigned int multiprocessors, copy, decoders, encoders, jpeg, ofa;
  unsigned int gpu_slices, compute_slices;
  unsigned long long memory_mb;
} attributes;
API nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t d, attributes *a) {
  ENTER_DEVICE(nvmlDeviceGetAttributes, d);
  if (d->mig < 0) return NOT_SUPPORTED;
  const sim_mig *m = &BOARD(d)->mig[d->mig];
  memset(a, 0, sizeof *a);
  a->multiprocessors = m->multiprocessors;
  a->gpu_slices = a->compute_slices = m->slices;
  a->memory_mb = m->memory_mb;
  return SUCCESS;
}
