#include "policy/gate.h"

namespace ocilot::policy {

std::string_view to_string(CallerKind kind) noexcept {
    switch (kind) {
        case CallerKind::anonymous:
            return "anonymous";
        case CallerKind::user:
            return "user";
        case CallerKind::robot:
            return "robot";
        case CallerKind::federated:
            return "federated";
        case CallerKind::certificate:
            return "certificate";
        case CallerKind::local:
            return "local";
        case CallerKind::system:
            return "system";
    }
    return "anonymous";
}

std::string_view to_string(Removed kind) noexcept {
    switch (kind) {
        case Removed::tag:
            return "tag";
        case Removed::manifest:
            return "manifest";
        case Removed::blob:
            return "blob";
    }
    return "tag";
}

Task<Result<std::optional<Login>>> OpenGate::authenticate(Credentials) {
    co_return std::optional<Login>{};
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

Task<Result<Decision>> OpenGate::admit_tag(TagMove) {
    co_return Decision::allow();
}

Task<Result<Decision>> OpenGate::admit_delete(Deletion) {
    co_return Decision::allow();
}

Task<Result<std::vector<KeptTag>>> OpenGate::retain(TagHistory) {
    co_return std::vector<KeptTag>{};
}

Task<Result<std::vector<ImagesInUse>>> OpenGate::images_in_use(Time) {
    co_return std::vector<ImagesInUse>{};
}

}  // namespace ocilot::policy
