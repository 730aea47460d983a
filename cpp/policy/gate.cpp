#include "policy/gate.h"

namespace ocilot::policy {

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::pull:
            return "pull";
        case Action::push:
            return "push";
        case Action::remove:
            return "delete";
    }
    return "pull";
}

Task<Result<std::optional<Decision>>> OpenGate::authorize(Caller const&, Access const&) {
    co_return std::optional<Decision>{};
}

Task<Result<Decision>> OpenGate::admit_manifest(ManifestPush) {
    co_return Decision::allow();
}

Task<Result<Decision>> OpenGate::admit_blob(BlobPush) {
    co_return Decision::allow();
}

Task<Result<Decision>> OpenGate::admit_delete(Deletion) {
    co_return Decision::allow();
}

}  // namespace ocilot::policy
