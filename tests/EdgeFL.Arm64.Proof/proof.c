// Runs the proof on arm64 and writes its answers: for each case and size the number of words (32 bits), then the words.
//
// No .NET runtime for arm64 is needed: this file is all the runtime that the compiled code has. Objects come from one block of memory and are never
// collected; write barriers only write; static fields are set up as the compiler laid them out. Whatever else compiled code asks for ends the
// program and is named (missing.s, made by build/arm64), exceptions among them: no case may need it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// What the compiler puts before each type: Internal.Runtime.MethodTable.
typedef struct {
  uint32_t flags; // low half: size of an array's element
  uint32_t baseSize;
} MethodTable;

typedef struct {
  MethodTable *type;
  int64_t length; // of an array
} Object;

static char *next, *end;

void edgefl_missing(const char *name) {
  fflush(stdout);
  fprintf(stderr, "error: compiled code asked for %s, which proof.c does not have\n", name);
  exit(3);
}

static Object *allocate(MethodTable *type, size_t size) {
  size = (size + 7) & ~(size_t)7;
  if ((size_t)(end - next) < size)
    edgefl_missing("more memory");
  Object *object = (Object *)(next + sizeof(void *)); // the word before an object is its header
  next += size;
  object->type = type;
  return object;
}

Object *RhpNewFast(MethodTable *type) { return allocate(type, type->baseSize); }

Object *RhpNewArray(MethodTable *type, int64_t length) {
  if (length < 0 || length > INT32_MAX)
    edgefl_missing("an array of that length");
  Object *array = allocate(type, type->baseSize + (size_t)length * (type->flags & 0xFFFF));
  array->length = length;
  return array;
}

Object *RhpNewFinalizable(MethodTable *type) { return RhpNewFast(type); }

Object *RhNewString(MethodTable *type, int64_t length) { return RhpNewArray(type, length); }

void RhAllocateNewObject(MethodTable *type, uint32_t flags, Object **result) {
  (void)flags;
  *result = RhpNewFast(type);
}

void RhAllocateNewArray(MethodTable *type, uint32_t length, uint32_t flags, Object **result) {
  (void)flags; // Nothing here ever moves: all arrays are as pinned.
  *result = RhpNewArray(type, length);
}

Object ***RhpHandleAlloc(Object *object, int kind) {
  (void)kind;
  Object ***handle = malloc(sizeof *handle);
  *handle = (Object **)object;
  return handle;
}

void RhBulkMoveWithWriteBarrier(void *to, const void *from, size_t size) { memmove(to, from, size); }

void *RhpGcSafeZeroMemory(void *memory, size_t size) { return memset(memory, 0, size); }

Object *RhpCheckedLockCmpXchg(Object **place, Object *value, Object *expected) {
  Object *before = *place;
  if (before == expected)
    *place = value;
  return before;
}

Object *RhpCheckedXchg(Object **place, Object *value) {
  Object *before = *place;
  *place = value;
  return before;
}

// One thread, and nobody who would stop it: entering and leaving managed code is nothing to be noted.
uint32_t RhpTrapThreads;
uint64_t __security_cookie = 0x5EED;
void RhpReversePInvoke(void *frame) { (void)frame; }
void RhpReversePInvokeReturn(void *frame) { (void)frame; }
void RhpPInvoke(void *frame) { (void)frame; }
void RhpPInvokeReturn(void *frame) { (void)frame; }
uint64_t RhCurrentOSThreadId(void) { return 1; }
void RhRegisterInlinedThreadStaticRoot(void *root) { (void)root; }
void *SystemNative_LowLevelMonitor_Create(void) { return &RhpTrapThreads; }
void SystemNative_LowLevelMonitor_Acquire(void *monitor) { (void)monitor; }
void SystemNative_LowLevelMonitor_Release(void *monitor) { (void)monitor; }

// The one module's tables: Internal.Runtime.ReadyToRunHeader.
typedef struct {
  uint32_t signature;
  uint16_t major, minor;
  uint32_t flags;
  uint16_t sections;
  uint8_t entrySize, entryType;
  struct {
    int32_t id, flags;
    char *start, *end;
  } section[];
} Header;

extern Header __ReadyToRunHeader;
extern void *GetSystemArrayEEType(void);
void InitializeModules(void *os, Header **headers, int count, void **classlib, int classlibCount);

int RhpRegisterOsModule(void *module) { return module != NULL; }

void *RhpCreateTypeManager(void *os, Header *header, void **classlib, int classlibCount) {
  (void)os, (void)classlib, (void)classlibCount;
  return header;
}

void *RhpGetModuleSection(Header **module, int id, int *length) {
  for (int i = 0; i < (*module)->sections; i++) {
    if ((*module)->section[i].id == id) {
      *length = (int)((*module)->section[i].end - (*module)->section[i].start);
      return (*module)->section[i].start;
    }
  }
  *length = 0;
  return NULL;
}

void *RhRegisterFrozenSegment(void *start, size_t allocated, size_t committed, size_t reserved) {
  (void)allocated, (void)committed, (void)reserved;
  return start;
}

void *RhpGetClasslibFunctionFromEEType(MethodTable *type, int id) {
  (void)type;
  if (id != 5)
    edgefl_missing("a function of the base library other than GetSystemArrayEEType");
  return GetSystemArrayEEType;
}

// Interface calls: a cell says which method of which interface (rhbinder.h, InterfaceDispatchCell); the base library looks it up in the object's
// type. Nothing is cached.
typedef struct Cell {
  void *stub;
  intptr_t cache;
} Cell;

typedef struct {
  uint16_t kind;
  MethodTable *interface;
  uint16_t slot;
  uint8_t hasCache;
  uint32_t token, vtableOffset;
} CellInfo;

void RhpGetDispatchCellInfo(Cell *cell, CellInfo *info) {
  const Cell *last = cell;
  while (last->stub != NULL)
    last++;
  memset(info, 0, sizeof *info);
  info->kind = (uint16_t)(last->cache >> 16);
  info->slot = (uint16_t)last->cache;
  intptr_t how = cell->cache & 3, place = ((intptr_t)&cell->cache + (int32_t)cell->cache) & ~(intptr_t)3;
  if (info->kind != 0 || how == 0)
    edgefl_missing("an interface cell of another kind");
  info->interface = how == 1 ? (MethodTable *)(cell->cache & ~(intptr_t)3) : how == 2 ? *(MethodTable **)place : (MethodTable *)place;
}

void *RhpSearchDispatchCellCache(Cell *cell, MethodTable *type) {
  (void)cell, (void)type;
  return NULL;
}

void *RhpUpdateDispatchCellCache(Cell *cell, void *target, MethodTable *type, CellInfo *info) {
  (void)cell, (void)type, (void)info;
  return target;
}

// The object is in x0, the cell in x11; the arguments must reach the method untouched.
__asm__(".globl RhpInitialDynamicInterfaceDispatch\n"
        "RhpInitialDynamicInterfaceDispatch:\n"
        "  stp x29, x30, [sp, #-160]!\n"
        "  mov x29, sp\n"
        "  stp x0, x1, [sp, #16]\n"
        "  stp x2, x3, [sp, #32]\n"
        "  stp x4, x5, [sp, #48]\n"
        "  stp x6, x7, [sp, #64]\n"
        "  str x8, [sp, #80]\n"
        "  stp d0, d1, [sp, #96]\n"
        "  stp d2, d3, [sp, #112]\n"
        "  stp d4, d5, [sp, #128]\n"
        "  stp d6, d7, [sp, #144]\n"
        "  mov x1, x11\n"
        "  bl S_P_CoreLib_System_Runtime_CachedInterfaceDispatch__RhpCidResolve_Worker\n"
        "  mov x16, x0\n"
        "  ldp x0, x1, [sp, #16]\n"
        "  ldp x2, x3, [sp, #32]\n"
        "  ldp x4, x5, [sp, #48]\n"
        "  ldp x6, x7, [sp, #64]\n"
        "  ldr x8, [sp, #80]\n"
        "  ldp d0, d1, [sp, #96]\n"
        "  ldp d2, d3, [sp, #112]\n"
        "  ldp d4, d5, [sp, #128]\n"
        "  ldp d6, d7, [sp, #144]\n"
        "  ldp x29, x30, [sp], #160\n"
        "  br x16\n");

// Write barriers take their arguments in registers of their own: the place in x14 (advanced by 8), the reference in x15, or its place in x13.
__asm__(".globl RhpAssignRefArm64\n"
        ".globl RhpCheckedAssignRefArm64\n"
        ".globl RhpByRefAssignRefArm64\n"
        ".globl RhpAssignRef\n"
        ".globl RhpCheckedAssignRef\n"
        "RhpByRefAssignRefArm64: ldr x15, [x13], #8\n"
        "RhpAssignRefArm64:\n"
        "RhpCheckedAssignRefArm64: str x15, [x14], #8\n"
        "  ret\n"
        "RhpAssignRef:\n"
        "RhpCheckedAssignRef: str x1, [x0]\n"
        "  ret\n");

int edgefl_proof_cases(void);
int edgefl_proof_sizes(int index);
int edgefl_proof_run(int index, int size, uint32_t **words);

int main(void) {
  const size_t room = (size_t)4 << 30; // of addresses: only what is touched takes memory
  next = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (next == MAP_FAILED) {
    perror("error: no memory for the proof");
    return 2;
  }
  end = next + room;
  Header *header = &__ReadyToRunHeader;
  InitializeModules(header, &header, 1, NULL, 0);
  int cases = edgefl_proof_cases();
  for (int i = 0; i < cases; i++) {
    int sizes = edgefl_proof_sizes(i);
    for (int size = 0; size < sizes; size++) {
      uint32_t *words;
      int count = edgefl_proof_run(i, size, &words);
      fwrite(&count, sizeof count, 1, stdout);
      fwrite(words, sizeof *words, (size_t)count, stdout);
    }
    if (fflush(stdout) != 0) {
      perror("error: the answers could not be written");
      return 2;
    }
  }
  return 0;
}
