#pragma once

#include <string>
#include <string_view>

namespace ocilot::oci {

namespace media_type {
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_schema1 = "application/vnd.docker.distribution.manifest.v1+json";
inline constexpr std::string_view docker_schema1_signed =
    "application/vnd.docker.distribution.manifest.v1+prettyjws";
inline constexpr std::string_view octet_stream = "application/octet-stream";
inline constexpr std::string_view json = "application/json";
}  // namespace media_type

/// The bare type of a Content-Type or mediaType value: without parameters and surrounding blanks, in lower
/// case. Empty if there is none or it is not `type/subtype` of RFC 6838 characters.
[[nodiscard]] std::string bare_media_type(std::string_view value);

/// One of the two image manifest types (OCI, Docker schema 2).
[[nodiscard]] bool is_image_manifest(std::string_view type) noexcept;
/// One of the two index types (OCI index, Docker manifest list).
[[nodiscard]] bool is_index(std::string_view type) noexcept;
/// A type that is stored as a manifest: image manifest or index. Any other child of an index is a blob.
[[nodiscard]] bool is_manifest(std::string_view type) noexcept;
/// A layer that registries need not hold: OCI `nondistributable`, Docker `foreign`.
[[nodiscard]] bool is_non_distributable(std::string_view type) noexcept;

}  // namespace ocilot::oci
