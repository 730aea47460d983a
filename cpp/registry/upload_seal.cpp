#include "registry/upload_seal.h"

#include "base/hex.h"

#include <algorithm>
#include <span>

namespace ocilot::registry {

namespace {

constexpr char key_version = 1;
constexpr std::size_t id_size = 36;
/// Version and algorithm, the time in milliseconds, the process.
constexpr std::size_t head_size = 2 + 6 + 6;

std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string_view text_of(std::span<std::byte const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// nullopt unless all are lower-case digits, two a byte.
std::optional<std::string> bytes_from_hex(std::string_view hex) {
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (; hex.size() >= 2; hex.remove_prefix(2)) {
        int const high = hex_value(hex[0]);
        int const low = hex_value(hex[1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<char>(high << 4 | low));
    }
    if (!hex.empty()) return std::nullopt;
    return bytes;
}

/// In the same time wherever the first difference is.
bool same(std::span<std::byte const> a, std::span<std::byte const> b) {
    std::byte volatile difference{};
    for (std::size_t i = 0; i < a.size(); ++i) difference = difference | (a[i] ^ b[i]);
    return difference == std::byte{};
}

std::string head_of(OpenedUpload const& upload, std::span<std::byte const> process) {
    std::string head;
    head.reserve(head_size);
    head.push_back(key_version);
    head.push_back(static_cast<char>(upload.algorithm));
    auto const milliseconds = static_cast<std::uint64_t>(upload.at.time_since_epoch().count() / 1000);
    for (int shift = 40; shift >= 0; shift -= 8)
        head.push_back(static_cast<char>(milliseconds >> shift & 0xff));
    head += text_of(process);
    return head;
}

}  // namespace

UploadSeal::UploadSeal(meta::UploadKey const& key, Random& random) {
    random.fill(process_);
    std::array<std::byte, 64> block{};
    for (auto const& [pad, hasher] :
         {std::pair{std::byte{0x36}, &inner_}, std::pair{std::byte{0x5c}, &outer_}}) {
        block.fill(pad);
        for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
        hasher->update(block);
    }
}

UploadSeal::Mac UploadSeal::mac(Uuid const& id, std::string_view head, oci::RepositoryName const& repository,
                                std::string_view owner) const {
    auto inner = inner_;
    inner.update(id.bytes());
    inner.update(bytes_of(head));
    inner.update(bytes_of(repository.str()));
    inner.update(bytes_of(std::string_view("\0", 1)));  // No name holds it: what follows is the owner's.
    inner.update(bytes_of(owner));
    auto outer = outer_;
    outer.update(inner.digest().bytes());
    auto const whole = outer.digest();
    Mac mac{};
    std::ranges::copy(whole.bytes().first(mac_size), mac.begin());
    return mac;
}

std::string UploadSeal::seal(OpenedUpload const& upload, oci::RepositoryName const& repository,
                             std::string_view owner) const {
    auto const head = head_of(upload, process_);
    auto segment = upload.id.str();
    segment.reserve(id_size + 1 + 2 * (head_size + mac_size));
    auto const sealed = mac(upload.id, head, repository, owner);
    segment.push_back('.');
    append_hex(segment, bytes_of(head));
    append_hex(segment, sealed);
    return segment;
}

std::optional<OpenedUpload> UploadSeal::open(std::string_view segment, oci::RepositoryName const& repository,
                                             std::string_view owner) const {
    if (segment.size() != id_size + 1 + 2 * (head_size + mac_size) || segment[id_size] != '.')
        return std::nullopt;
    auto const id = Uuid::parse(segment.substr(0, id_size));
    auto const bytes = bytes_from_hex(segment.substr(id_size + 1));
    if (!id || !bytes || (*bytes)[0] != key_version) return std::nullopt;
    auto const head = std::string_view(*bytes).substr(0, head_size);
    auto const expected = mac(*id, head, repository, owner);
    if (!same(expected, bytes_of(*bytes).subspan(head_size))) return std::nullopt;
    std::uint64_t milliseconds = 0;
    for (auto const byte : bytes_of(head).subspan(2, 6))
        milliseconds = milliseconds << 8 | std::to_integer<unsigned>(byte);
    bool const is_sha512 = head[1] == static_cast<char>(oci::Algorithm::sha512);
    auto const process = bytes_of(head).subspan(head_size - sizeof process_);
    OpenedUpload opened{.id = *id,
                        .algorithm = is_sha512 ? oci::Algorithm::sha512 : oci::Algorithm::sha256,
                        .at = Time(std::chrono::milliseconds(milliseconds)),
                        .here = std::ranges::equal(process, process_)};
    append_hex(opened.opener, process);
    return opened;
}

std::string UploadSeal::holder() const {
    std::string name;
    append_hex(name, process_);
    return name;
}

}  // namespace ocilot::registry
