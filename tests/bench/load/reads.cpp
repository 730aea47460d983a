#include "picker.h"
#include "random.h"
#include "workload.h"

namespace ocilot::load {

namespace {

/// GET or HEAD of targets.
class Reads final : public Workload {
  public:
    Reads(Options const& options, std::vector<std::string> targets, Picker picker, std::uint64_t seed)
        : method_{options.workload == "head" ? "HEAD " : "GET "},
          fields_{common_fields(options) + "\r\n"},
          expected_{static_cast<int>(options.expect)},
          targets_{std::move(targets)},
          picker_{std::move(picker)},
          random_{seed} {}

    void begin(Operation&, Request& request) override {
        request.head.append(method_).append(targets_[picker_.next(random_)]).append(fields_);
        request.bodiless_answer = method_ == "HEAD ";
    }

    Verdict answered(Operation& operation, Answer const& answer, Request&) override {
        operation.bytes = answer.body_bytes;
        return answer.status == expected_ ? Verdict::done : Verdict::wrong;
    }

  private:
    std::string method_;
    std::string fields_;
    int expected_;
    std::vector<std::string> targets_;
    Picker picker_;
    Random random_;
};

Picker make_picker(Options const& options, std::size_t count) {
    if (options.distribution == "zipf") return Picker::zipf(count, options.exponent);
    return options.distribution == "file" ? Picker::in_order(count) : Picker::uniform(count);
}

}  // namespace

std::unique_ptr<Workload> make_reads(Options const& options, std::uint64_t seed) {
    bool const idle = options.workload == "idle";
    auto targets = idle && options.targets.empty() ? std::vector<std::string>{"/v2/"}
                                                   : read_paths(options.targets, "--targets");
    if (options.workload == "streams") targets.resize(1);
    auto picker = make_picker(options, targets.size());
    return std::make_unique<Reads>(options, std::move(targets), std::move(picker), seed);
}

}  // namespace ocilot::load
