#include "model.h"
#include "picker.h"
#include "pushes.h"
#include "random.h"

#include <algorithm>

namespace ocilot::load {

namespace {

/// Paths, and which is wanted how often. A list longer than the measured ranks ends with them; one that is
/// shorter shares out what the missing ranks had.
class Ranked {
  public:
    Ranked(std::vector<std::string> paths, Model::Curve const& curve)
        : paths_{std::move(paths)},
          picker_{Picker::weighted(Picker::shares(
              curve, std::min(paths_.size(), static_cast<std::size_t>(curve.back().first))))} {}

    std::string const& next(Random& random) noexcept { return paths_[picker_.next(random)]; }

  private:
    std::vector<std::string> paths_;
    Picker picker_;
};

/// The model's requests, in the order in which its server saw them, and pushes between them.
class Mix final : public Workload {
  public:
    enum Kind : std::size_t {
        v2 = Model::v2,
        manifests = Model::manifests,
        blobs = Model::blobs,
        large_blobs,
        pushes
    };

    Mix(Options const& options, Model const& model, std::uint64_t seed)
        : fields_{common_fields(options) + "\r\n"},
          expected_{static_cast<int>(options.expect)},
          push_share_{options.push_percent / 100},
          next_{Picker::weighted(model.next[v2]), Picker::weighted(model.next[manifests]),
                Picker::weighted(model.next[blobs])},
          manifests_{read_paths(options.manifests, "--manifests"), model.manifest_shares},
          blobs_{read_paths(options.blobs, "--blobs"), model.blob_shares},
          pushes_{options, Pushes::Way::post_put},
          random_{seed} {}

    void begin(Operation& operation, Request& request) override {
        if (random_.fraction() < push_share_) {
            operation.kind = pushes;
            pushes_.begin(operation, request);
            return;
        }
        state_ = next_[state_].next(random_);
        operation.kind = state_;
        request.head.append("GET ");
        if (state_ == v2) {
            request.head.append("/v2/");
        } else {
            request.head.append(state_ == manifests ? manifests_.next(random_) : blobs_.next(random_));
        }
        request.head.append(fields_);
    }

    Verdict answered(Operation& operation, Answer const& answer, Request& request) override {
        if (operation.kind == pushes) return pushes_.answered(operation, answer, request);
        operation.bytes = answer.body_bytes;
        if (operation.kind == blobs && answer.body_bytes >= large) operation.kind = large_blobs;
        return answer.status == expected_ ? Verdict::done : Verdict::wrong;
    }

    std::vector<std::string_view> kinds() const override {
        return {"v2", "manifests", "blobs", "large_blobs", "pushes"};
    }

  private:
    static constexpr std::uint64_t large = 1024 * 1024;

    std::string fields_;
    int expected_;
    double push_share_;
    std::array<Picker, 3> next_;
    Ranked manifests_;
    Ranked blobs_;
    Pushes pushes_;
    Random random_;
    std::size_t state_ = v2;
};

}  // namespace

std::unique_ptr<Workload> make_mix(Options const& options, std::uint64_t seed) {
    return std::make_unique<Mix>(options, Model::read(options.model), seed);
}

}  // namespace ocilot::load
