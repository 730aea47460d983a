#include "workload.h"

#include <fmt/format.h>
#include <stdexcept>

namespace ocilot::load {

namespace {

/// Every mount is a new fact: all targets into NAME-RUN-1, then all into NAME-RUN-2.
class Mounts final : public Workload {
  public:
    Mounts(Options const& options, std::vector<std::string> queries)
        : repository_{fmt::format("/v2/{}-{:x}-", options.repository, options.run)},
          fields_{common_fields(options) + "Content-Length: 0\r\n\r\n"},
          queries_{std::move(queries)} {}

    void begin(Operation&, Request& request) override {
        request.head.append("POST ").append(repository_).append(std::to_string(round_));
        request.head.append("/blobs/uploads/?").append(queries_[place_]).append(fields_);
        if (++place_ < queries_.size()) return;
        place_ = 0;
        ++round_;
    }

    /// 202 says that nothing was mounted and an upload begun instead.
    Verdict answered(Operation&, Answer const& answer, Request&) override {
        return answer.status == 201 ? Verdict::done : Verdict::wrong;
    }

  private:
    std::string repository_;
    std::string fields_;
    std::vector<std::string> queries_;
    std::size_t place_ = 0;
    std::uint64_t round_ = 1;
};

}  // namespace

std::unique_ptr<Workload> make_mounts(Options const& options) {
    std::vector<std::string> queries;
    for (auto const& line : read_lines(options.targets, "--targets")) {
        auto const space = line.find(' ');
        if (space == line.npos) {
            throw std::runtime_error(fmt::format("'{}' is no target to mount: `digest repository`", line));
        }
        queries.push_back(fmt::format("mount={}&from={}", line.substr(0, space), line.substr(space + 1)));
    }
    return std::make_unique<Mounts>(options, std::move(queries));
}

}  // namespace ocilot::load
