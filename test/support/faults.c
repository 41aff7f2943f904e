/**
 * A shim for LD_PRELOAD between a program and the system calls that change files. It looks at one folder only. It
 * counts the calls there, writes each to a log, and lets one of them go wrong. fault-shim.ts compiles it and reads
 * the log. It has more than 400 lines because a shim is compiled from one file.
 *
 * FAULTS_ROOT  the folder (absolute); calls elsewhere pass untouched
 * FAULTS_LOG   the log, outside of that folder
 * FAULTS_DATA  set: the log has the bytes of each write, so that the disk can be rebuilt from it
 * FAULTS_AT    the number of the call that goes wrong; 0: none
 * FAULTS_DO    kill (before the call) | kill-after | kill-middle (half of a write) | EIO | ENOSPC | EIO-on | ENOSPC-on
 *              (-on: this call and all later ones)
 *
 * Each line of the log: number, call, handle, offset, length, result, bytes that follow the line, path, second path.
 * Opening without a change has number 0. Results: −1 failed by itself, −2 killed before it, −3 failed by the shim.
 * One mutex orders all threads, so the log is the order in which the calls happened.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define HANDLES_MAX 65536
#define EXPORT __attribute__((visibility("default")))

typedef ssize_t (*WriteCall)(int, const void *, size_t);

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static int has_data;
static long fault_at;
static int fault_errno;
static int is_lasting;
static enum { NO_KILL, KILL_BEFORE, KILL_AFTER, KILL_MIDDLE } killing;
static long call_count;
static long handle_count;
static struct { long handle; int is_appending; char *path; } files[HANDLES_MAX];

static long (*real_syscall)(long, ...);
static int (*real_close)(int);
static int (*real_ioctl)(int, unsigned long, ...);

__attribute__((constructor)) static void start(void) {
  real_syscall = dlsym(RTLD_NEXT, "syscall");
  real_close = dlsym(RTLD_NEXT, "close");
  real_ioctl = dlsym(RTLD_NEXT, "ioctl");
  const char *folder = getenv("FAULTS_ROOT"), *log = getenv("FAULTS_LOG");
  if (folder == NULL || log == NULL) return;
  const char *at = getenv("FAULTS_AT"), *what = getenv("FAULTS_DO");
  fault_at = at == NULL ? 0 : atol(at);
  has_data = getenv("FAULTS_DATA") != NULL;
  if (what == NULL) what = "";
  if (strcmp(what, "kill") == 0) killing = KILL_BEFORE;
  if (strcmp(what, "kill-after") == 0) killing = KILL_AFTER;
  if (strcmp(what, "kill-middle") == 0) killing = KILL_MIDDLE;
  if (strncmp(what, "EIO", 3) == 0) fault_errno = EIO;
  if (strncmp(what, "ENOSPC", 6) == 0) fault_errno = ENOSPC;
  is_lasting = strstr(what, "-on") != NULL;
  log_fd = real_syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  snprintf(root, sizeof root, "%s", folder);
  root_length = strlen(root);
}

static void log_bytes(const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    long written = real_syscall(SYS_write, log_fd, (const char *)bytes + done, length - done);
    if (written <= 0) abort(); /* A log with gaps would make every later answer wrong. */
    done += written;
  }
}

static void log_call(long number, const char *call, long handle, long offset, long length, long result, long bytes,
                     const char *path, const char *path2) {
  char line[2 * PATH_MAX + 256];
  const char *format = "%ld\t%s\t%ld\t%ld\t%ld\t%ld\t%ld\t%s\t%s\n";
  int size = snprintf(line, sizeof line, format, number, call, handle, offset, length, result, bytes, path,
                      path2 == NULL ? "" : path2);
  log_bytes(line, size);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/** The absolute path, in `absolute`, if it is below the folder; else NULL. */
static const char *below(int folder_fd, const char *path, char *absolute) {
  if (log_fd < 0 || path == NULL) return NULL;
  if (path[0] == '/') {
    snprintf(absolute, PATH_MAX, "%s", path);
  } else if (folder_fd == AT_FDCWD) {
    char folder[PATH_MAX];
    if (getcwd(folder, sizeof folder) == NULL) return NULL;
    if (snprintf(absolute, PATH_MAX, "%s/%s", folder, path) >= PATH_MAX) return NULL;
  } else if (folder_fd >= 0 && folder_fd < HANDLES_MAX && files[folder_fd].path != NULL) {
    if (snprintf(absolute, PATH_MAX, "%s/%s", files[folder_fd].path, path) >= PATH_MAX) return NULL;
  } else {
    return NULL;
  }
  size_t length = strlen(absolute);
  while (length > 1 && absolute[length - 1] == '/') absolute[--length] = 0;
  if (strncmp(absolute, root, root_length) != 0) return NULL;
  return absolute[root_length] == '/' || absolute[root_length] == 0 ? absolute : NULL;
}

static int is_known(int fd) { return log_fd >= 0 && fd >= 0 && fd < HANDLES_MAX && files[fd].path != NULL; }

/**
 * Counts a call and lets it fail or kills the process, where this is its turn. Returns the error, or 0.
 * `*is_last` says that the process must die after the call.
 */
static int begin(const char *call, long handle, long offset, long length, const char *path, const char *path2,
                 int *is_last) {
  long number = ++call_count;
  *is_last = 0;
  int is_turn = fault_at > 0 && (number == fault_at || (is_lasting && number > fault_at));
  if (!is_turn) return 0;
  if (killing == KILL_BEFORE) {
    log_call(number, call, handle, offset, length, -2, 0, path, path2);
    die();
  }
  if (fault_errno != 0) {
    log_call(number, call, handle, offset, length, -3, 0, path, path2);
    return fault_errno;
  }
  *is_last = killing != NO_KILL;
  return 0;
}

/** A call on a path without data: what `DO` returns. */
#define PATH_CALL(NAME, PATH, PATH2, DO)                                                      \
  do {                                                                                        \
    pthread_mutex_lock(&mutex);                                                               \
    int is_last, error = begin(NAME, 0, 0, 0, PATH, PATH2, &is_last);                         \
    int is_logged = error != 0;                                                               \
    long result = is_logged ? -1 : (DO);                                                      \
    if (!is_logged) error = errno;                                                            \
    if (!is_logged) log_call(call_count, NAME, 0, 0, 0, result, 0, PATH, PATH2);              \
    if (is_last) die();                                                                       \
    pthread_mutex_unlock(&mutex);                                                             \
    if (result < 0) errno = error;                                                            \
    return result;                                                                            \
  } while (0)

static int open_at(int folder_fd, const char *path, int flags, mode_t mode) {
  char absolute[PATH_MAX];
  const char *own = below(folder_fd, path, absolute);
  if (own == NULL) return real_syscall(SYS_openat, folder_fd, path, flags, mode);
  pthread_mutex_lock(&mutex);
  struct stat before;
  int is_there = lstat(own, &before) == 0;
  int creates = !is_there && (flags & O_CREAT) != 0;
  int cuts = is_there && (flags & O_TRUNC) != 0 && before.st_size > 0;
  int is_last = 0, error = 0;
  if (creates || cuts) error = begin(creates ? "create" : "cut", 0, 0, 0, own, NULL, &is_last);
  int fd = -1, is_logged = error != 0;
  if (!is_logged) {
    fd = real_syscall(SYS_openat, folder_fd, path, flags, mode);
    error = errno;
  }
  if (fd >= 0 && fd < HANDLES_MAX) {
    free(files[fd].path);
    files[fd].handle = ++handle_count;
    files[fd].is_appending = (flags & O_APPEND) != 0;
    files[fd].path = strdup(own);
    log_call(creates || cuts ? call_count : 0, creates ? "create" : cuts ? "cut" : "open", handle_count, 0, 0,
             creates ? 1 : cuts ? 2 : 0, 0, own, NULL);
  } else if ((creates || cuts) && !is_logged) {
    log_call(call_count, creates ? "create" : "cut", 0, 0, 0, -1, 0, own, NULL);
  }
  if (is_last) die();
  pthread_mutex_unlock(&mutex);
  if (fd < 0) errno = error;
  return fd;
}

static mode_t mode_of(int flags, va_list list) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0;
}

#define OPEN(NAME)                                  \
  EXPORT int NAME(const char *path, int flags, ...) { \
    va_list list;                                   \
    va_start(list, flags);                          \
    mode_t mode = mode_of(flags, list);             \
    va_end(list);                                   \
    return open_at(AT_FDCWD, path, flags, mode);    \
  }
#define OPENAT(NAME)                                             \
  EXPORT int NAME(int folder, const char *path, int flags, ...) { \
    va_list list;                                                \
    va_start(list, flags);                                       \
    mode_t mode = mode_of(flags, list);                          \
    va_end(list);                                                \
    return open_at(folder, path, flags, mode);                   \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
EXPORT int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
EXPORT int __openat_2(int folder, const char *path, int flags) { return open_at(folder, path, flags, 0); }
EXPORT int __openat64_2(int folder, const char *path, int flags) { return open_at(folder, path, flags, 0); }
EXPORT int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
EXPORT int creat64(const char *path, mode_t mode) { return creat(path, mode); }

EXPORT int close(int fd) {
  if (!is_known(fd)) return real_close(fd);
  pthread_mutex_lock(&mutex);
  free(files[fd].path);
  files[fd].path = NULL;
  int result = real_close(fd);
  pthread_mutex_unlock(&mutex);
  return result;
}

/** Where a write without a position goes. */
static long position_of(int fd) {
  struct stat now;
  if (files[fd].is_appending && fstat(fd, &now) == 0) return now.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

/** All writes come here, with their bytes in one piece. `offset` < 0: where the file is. */
static ssize_t write_bytes(int fd, const char *bytes, size_t length, off_t offset) {
  pthread_mutex_lock(&mutex);
  long handle = files[fd].handle, at = offset < 0 ? position_of(fd) : offset;
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", files[fd].path);
  int is_last, error = begin("write", handle, at, length, path, NULL, &is_last);
  ssize_t written = -1;
  int is_logged = error != 0;
  if (!is_logged) {
    if (is_last && killing == KILL_MIDDLE) length /= 2;
    written = offset < 0 ? real_syscall(SYS_write, fd, bytes, length)
                         : real_syscall(SYS_pwrite64, fd, bytes, length, offset);
    error = errno;
  }
  if (written >= 0) {
    long kept = has_data ? written : 0;
    log_call(call_count, "write", handle, at, written, 0, kept, path, NULL);
    log_bytes(bytes, kept);
  } else if (!is_logged) {
    log_call(call_count, "write", handle, at, length, -1, 0, path, NULL);
  }
  if (is_last) die();
  pthread_mutex_unlock(&mutex);
  if (written < 0) errno = error;
  return written;
}

static ssize_t write_vectors(int fd, const struct iovec *vectors, int count, off_t offset) {
  size_t length = 0;
  for (int i = 0; i < count; i++) length += vectors[i].iov_len;
  char *bytes = malloc(length + 1), *end = bytes;
  for (int i = 0; i < count; i++) end = mempcpy(end, vectors[i].iov_base, vectors[i].iov_len);
  ssize_t written = write_bytes(fd, bytes, length, offset);
  int error = errno;
  free(bytes);
  errno = error;
  return written;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t length) {
  return is_known(fd) ? write_bytes(fd, bytes, length, -1) : real_syscall(SYS_write, fd, bytes, length);
}
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  return is_known(fd) ? write_bytes(fd, bytes, length, offset) : real_syscall(SYS_pwrite64, fd, bytes, length, offset);
}
EXPORT ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}
EXPORT ssize_t writev(int fd, const struct iovec *vectors, int count) {
  return is_known(fd) ? write_vectors(fd, vectors, count, -1) : real_syscall(SYS_writev, fd, vectors, count);
}
EXPORT ssize_t pwritev64(int fd, const struct iovec *vectors, int count, off64_t offset) {
  return is_known(fd) ? write_vectors(fd, vectors, count, offset)
                      : real_syscall(SYS_pwritev, fd, vectors, count, offset, 0);
}
EXPORT ssize_t pwritev(int fd, const struct iovec *vectors, int count, off_t offset) {
  return pwritev64(fd, vectors, count, offset);
}
EXPORT ssize_t pwritev64v2(int fd, const struct iovec *vectors, int count, off64_t offset, int flags) {
  return is_known(fd) ? write_vectors(fd, vectors, count, offset)
                      : real_syscall(SYS_pwritev2, fd, vectors, count, offset, 0, flags);
}
EXPORT ssize_t pwritev2(int fd, const struct iovec *vectors, int count, off_t offset, int flags) {
  return pwritev64v2(fd, vectors, count, offset, flags);
}

/** A call on a descriptor: what it does is `DO`; `LENGTH` is logged. */
#define HANDLE_CALL(NAME, FD, LENGTH, DO)                                                         \
  do {                                                                                            \
    pthread_mutex_lock(&mutex);                                                                   \
    char path[PATH_MAX];                                                                          \
    snprintf(path, sizeof path, "%s", files[FD].path);                                            \
    int is_last, error = begin(NAME, files[FD].handle, 0, LENGTH, path, NULL, &is_last);          \
    int is_logged = error != 0;                                                                   \
    long result = is_logged ? -1 : (DO);                                                          \
    if (!is_logged) error = errno;                                                                \
    if (!is_logged) log_call(call_count, NAME, files[FD].handle, 0, LENGTH, result, 0, path, NULL); \
    if (is_last) die();                                                                           \
    pthread_mutex_unlock(&mutex);                                                                 \
    if (result < 0) errno = error;                                                                \
    return result;                                                                                \
  } while (0)

EXPORT int ftruncate64(int fd, off64_t length) {
  if (!is_known(fd)) return real_syscall(SYS_ftruncate, fd, length);
  HANDLE_CALL("truncate", fd, length, real_syscall(SYS_ftruncate, fd, length));
}
EXPORT int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
EXPORT int fsync(int fd) {
  if (!is_known(fd)) return real_syscall(SYS_fsync, fd);
  HANDLE_CALL("fsync", fd, 0, real_syscall(SYS_fsync, fd));
}
EXPORT int fdatasync(int fd) {
  if (!is_known(fd)) return real_syscall(SYS_fdatasync, fd);
  HANDLE_CALL("fdatasync", fd, 0, real_syscall(SYS_fdatasync, fd));
}

EXPORT int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
  char a[PATH_MAX], b[PATH_MAX];
  const char *own = below(from_fd, from, a), *other = below(to_fd, to, b);
  if (own == NULL || other == NULL) return real_syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
  PATH_CALL("rename", own, other, real_syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
}
EXPORT int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  return renameat2(from_fd, from, to_fd, to, 0);
}
EXPORT int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
  char a[PATH_MAX], b[PATH_MAX];
  const char *own = below(from_fd, from, a), *other = below(to_fd, to, b);
  if (own == NULL || other == NULL) return real_syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
  PATH_CALL("link", own, other, real_syscall(SYS_linkat, from_fd, from, to_fd, to, flags));
}
EXPORT int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int unlinkat(int fd, const char *path, int flags) {
  char a[PATH_MAX];
  const char *own = below(fd, path, a);
  if (own == NULL) return real_syscall(SYS_unlinkat, fd, path, flags);
  PATH_CALL((flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", own, NULL, real_syscall(SYS_unlinkat, fd, path, flags));
}
EXPORT int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
EXPORT int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORT int mkdirat(int fd, const char *path, mode_t mode) {
  char a[PATH_MAX];
  const char *own = below(fd, path, a);
  if (own == NULL) return real_syscall(SYS_mkdirat, fd, path, mode);
  PATH_CALL("mkdir", own, NULL, real_syscall(SYS_mkdirat, fd, path, mode));
}
EXPORT int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/** Logs bytes that came into a file without passing through the program. */
static void log_copied(int fd, long number, long offset, long length) {
  char *bytes = malloc(length + 1), own[64];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  int reader = real_syscall(SYS_openat, AT_FDCWD, own, O_RDONLY | O_CLOEXEC, 0);
  if (has_data && (reader < 0 || pread(reader, bytes, length, offset) != length)) abort();
  if (reader >= 0) real_close(reader);
  log_call(number, "write", files[fd].handle, offset, length, 0, has_data ? length : 0, files[fd].path, NULL);
  if (has_data) log_bytes(bytes, length);
  free(bytes);
}

/** copy_file_range, sendfile or FICLONE into a file of the folder. `DO` returns the bytes copied or −1. */
#define COPY_CALL(FD, OFFSET, LENGTH, COPIED, DO)                                                 \
  do {                                                                                            \
    pthread_mutex_lock(&mutex);                                                                   \
    long offset = (OFFSET);                                                                       \
    int is_last, error = begin("copy", files[FD].handle, offset, LENGTH, files[FD].path, NULL, &is_last); \
    int is_logged = error != 0;                                                                   \
    long result = is_logged ? -1 : (DO);                                                          \
    if (!is_logged) error = errno;                                                                \
    if (result >= 0) log_copied(FD, call_count, offset, COPIED);                                  \
    else if (!is_logged)                                                                          \
      log_call(call_count, "copy", files[FD].handle, offset, LENGTH, -1, 0, files[FD].path, NULL); \
    if (is_last) die();                                                                           \
    pthread_mutex_unlock(&mutex);                                                                 \
    if (result < 0) errno = error;                                                                \
    return result;                                                                                \
  } while (0)

static long copy_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  if (!is_known(to)) return real_syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags);
  COPY_CALL(to, to_at == NULL ? position_of(to) : *to_at, length, result,
            real_syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags));
}
EXPORT ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  return copy_range(from, from_at, to, to_at, length, flags);
}
EXPORT ssize_t sendfile64(int to, int from, off64_t *from_at, size_t length) {
  if (!is_known(to)) return real_syscall(SYS_sendfile, to, from, from_at, length);
  COPY_CALL(to, position_of(to), length, result, real_syscall(SYS_sendfile, to, from, from_at, length));
}
EXPORT ssize_t sendfile(int to, int from, off_t *from_at, size_t length) {
  return sendfile64(to, from, from_at, length);
}

static long size_of(int fd) {
  struct stat now;
  return fstat(fd, &now) == 0 ? now.st_size : 0;
}
EXPORT int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void *argument = va_arg(list, void *);
  va_end(list);
  if (request != FICLONE || !is_known(fd)) return real_ioctl(fd, request, argument);
  COPY_CALL(fd, 0, 0, size_of(fd), real_ioctl(fd, request, argument));
}

/** libuv makes some calls by their numbers. Those that change files go through the functions above. */
EXPORT long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long);
  long e = va_arg(list, long), f = va_arg(list, long);
  va_end(list);
  switch (number) {
    case SYS_openat: return open_at(a, (const char *)b, c, d);
    case SYS_write: return write(a, (const void *)b, c);
    case SYS_pwrite64: return pwrite64(a, (const void *)b, c, d);
    case SYS_writev: return writev(a, (const struct iovec *)b, c);
    case SYS_pwritev: return pwritev64(a, (const struct iovec *)b, c, d);
    case SYS_pwritev2: return pwritev64v2(a, (const struct iovec *)b, c, d, f);
    case SYS_copy_file_range: return copy_range(a, (off64_t *)b, c, (off64_t *)d, e, f);
    case SYS_renameat2: return renameat2(a, (const char *)b, c, (const char *)d, e);
    case SYS_ftruncate: return ftruncate64(a, b);
    case SYS_fsync: return fsync(a);
    case SYS_fdatasync: return fdatasync(a);
    case SYS_unlinkat: return unlinkat(a, (const char *)b, c);
    case SYS_mkdirat: return mkdirat(a, (const char *)b, c);
    case SYS_linkat: return linkat(a, (const char *)b, c, (const char *)d, e);
    default: return real_syscall(number, a, b, c, d, e, f);
  }
}
