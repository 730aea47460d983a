#pragma once

#include "answer_parser.h"
#include "content.h"
#include "options.h"
#include "request.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::load {

/// What is counted as one: a GET, or a push with all its requests.
struct Operation {
    unsigned step = 0;     // of its requests, the one that is under way
    std::size_t kind = 0;  // index into Workload::kinds()
    std::uint64_t bytes = 0;
    Blob blob;

    void clear() noexcept {
        step = 0;
        kind = 0;
        bytes = 0;
    }
};

/// Makes the requests of a workload and judges their answers.
class Workload {
  public:
    enum class Verdict : std::uint8_t { more, done, wrong };

    virtual ~Workload() = default;

    /// Writes an operation's first request; both arguments come empty.
    virtual void begin(Operation& operation, Request& request) = 0;
    /// Takes an answer. With `more` it has written the next request, which came empty; otherwise it
    /// has set `operation.bytes`, the payload that was moved.
    virtual Verdict answered(Operation& operation, Answer const& answer, Request& request) = 0;

    /// Operations that are reported one kind apart from the other; empty when there is only one.
    [[nodiscard]] virtual std::vector<std::string_view> kinds() const { return {}; }
};

/// Reads the files that the options name. Throws std::runtime_error when something is missing or wrong.
std::unique_ptr<Workload> make_workload(Options const& options, std::uint64_t seed);

/// The lines of a file, without empty ones. Throws std::runtime_error when there are none; `option` is who
/// asks.
std::vector<std::string> read_lines(std::string const& path, std::string_view option);

/// Lines that are paths; throws when one does not begin with a slash.
std::vector<std::string> read_paths(std::string const& path, std::string_view option);

/// ` HTTP/1.1` and all header fields that every request has; no empty line at the end.
std::string common_fields(Options const& options);

std::unique_ptr<Workload> make_reads(Options const& options, std::uint64_t seed);
std::unique_ptr<Workload> make_pushes(Options const& options);
std::unique_ptr<Workload> make_mounts(Options const& options);
std::unique_ptr<Workload> make_mix(Options const& options, std::uint64_t seed);

}  // namespace ocilot::load
