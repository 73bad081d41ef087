// SPDX-License-Identifier: MIT
// Kernels behind a pipe: a command that reads inputs from stdin to its end and writes results to
// stdout.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "conformance/kernel.hpp"
#include "conformance/text.hpp"

namespace conformance {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

struct Ends {
  int read = -1, write = -1;
  Ends() {
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0) fail("pipe");
    read = both[0];
    write = both[1];
  }
  ~Ends() {
    close_end(read);
    close_end(write);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

class Command final : public Kernel {
 public:
  explicit Command(std::string command) : command_(std::move(command)) {
    std::signal(SIGPIPE, SIG_IGN);
  }
  void call(std::span<const std::byte> in, std::span<std::byte> out, std::size_t n) override {
    Ends to, from;
    const pid_t child = start(to, from);
    Ends::close_end(to.read);
    Ends::close_end(from.write);
    const std::size_t came = exchange(in, out, to, from);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const std::string how = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                              : "signal " + std::to_string(WTERMSIG(status));
    if (status != 0 || came != out.size())
      throw KernelFault(command_ + ": " + std::to_string(came) +
                        (came > out.size() ? " or more" : "") + " bytes came for " +
                        std::to_string(n) + " inputs, not " + std::to_string(out.size()) +
                        ", and the command ended with " + how);
  }
  std::size_t batch() const override { return std::size_t{1} << 24; }
  bool is_cheap_to_call() const override { return false; }

 private:
  pid_t start(const Ends& to, const Ends& from) const {
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      std::signal(SIGPIPE, SIG_DFL);
      dup2(to.read, STDIN_FILENO);
      dup2(from.write, STDOUT_FILENO);
      execl("/bin/sh", "sh", "-c", command_.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    return child;
  }

  // Writes all of `in` and reads into `out` until both ends are closed; the number of bytes that
  // came, at most one more than there is room for.
  std::size_t exchange(std::span<const std::byte> in, std::span<std::byte> out, Ends& to,
                       Ends& from) const {
    fcntl(to.write, F_SETFL, O_NONBLOCK);
    std::size_t came = 0;
    if (in.empty()) Ends::close_end(to.write);
    while (from.read >= 0) {
      pollfd ends[2] = {{from.read, POLLIN, 0}, {to.write, POLLOUT, 0}};
      if (poll(ends, 2, -1) < 0 && errno != EINTR) fail("poll");
      if (to.write >= 0 && ends[1].revents != 0) {
        const ssize_t written = write(to.write, in.data(), in.size());
        if (written > 0) in = in.subspan(static_cast<std::size_t>(written));
        if (in.empty() || (written < 0 && errno == EPIPE)) Ends::close_end(to.write);
      }
      if (ends[0].revents == 0) continue;
      std::byte extra;
      const bool has_room = came < out.size();
      const ssize_t got = has_room ? read(from.read, out.data() + came, out.size() - came)
                                   : read(from.read, &extra, 1);
      if (got > 0) came += static_cast<std::size_t>(got);
      if (got == 0 || came > out.size()) Ends::close_end(from.read);
    }
    Ends::close_end(to.write);
    return came;
  }

  std::string command_;
};

}  // namespace

std::unique_ptr<Kernel> open_pipe(const std::string& command) {
  return std::make_unique<Command>(command);
}

}  // namespace conformance
