#include "blob/filesystem/upload_state.h"

namespace ocilot::blob {

namespace {

constexpr char version = 1;
constexpr char synced = 's';
constexpr char in_memory = 'm';
constexpr std::size_t boot_size = 36;
/// Version, whether it is synced, the boot (blank if that is unknown); then the hash.
constexpr std::size_t head_size = 2 + boot_size;

}  // namespace

std::string write_state(UploadState const& state) {
    if (!state.is_synced && !state.boot) return {};
    std::string text;
    text.reserve(head_size + oci::Hasher::max_state);
    text.push_back(version);
    text.push_back(state.is_synced ? synced : in_memory);
    text += state.boot ? state.boot->str() : std::string(boot_size, ' ');
    text += state.hasher.export_state();
    return text;
}

Result<UploadState> read_state(oci::Algorithm algorithm, std::string_view text) {
    if (text.size() < head_size || text[0] != version) {
        return Error{Errc::io, "the stored state of this upload has another version"};
    }
    TRY(auto hasher, oci::Hasher::from_state(algorithm, text.substr(head_size)));
    return UploadState{hasher, text[1] == synced, Uuid::parse(text.substr(2, boot_size))};
}

}  // namespace ocilot::blob
