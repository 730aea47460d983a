#include "oci/manifest.h"

#include "base/quote.h"
#include "oci/manifest_fields.h"
#include "oci/media_type.h"

#include <fmt/format.h>

namespace ocilot::oci {

namespace {

Error invalid(std::string message) {
    return {Errc::manifest_invalid, std::move(message)};
}

Error schema1() {
    return invalid("Docker schema 1 manifests are not supported; push the image with a current client");
}

Result<> check_type(std::string_view type) {
    if (type == media_type::docker_schema1 || type == media_type::docker_schema1_signed) return schema1();
    if (is_manifest(type)) return {};
    return invalid(fmt::format("unsupported manifest type {}: expected {}, {}, {} or {}", quote(type),
                               media_type::oci_manifest, media_type::oci_index, media_type::docker_manifest,
                               media_type::docker_list));
}

/// The type of a manifest that its sender calls `content_type` and that calls itself `media_type`.
Result<std::string> agreed_type(std::string_view content_type, std::string_view media_type) {
    if (content_type.empty() && media_type.empty()) {
        return invalid("missing media type of the manifest: send it as Content-Type or in field mediaType");
    }
    auto const type = content_type.empty() ? media_type : content_type;
    CHECK(check_type(type));
    if (!media_type.empty() && media_type != type) {
        return invalid(fmt::format("mediaType {} of the manifest differs from its Content-Type {}",
                                   quote(media_type), quote(type)));
    }
    return std::string(type);
}

Result<> check_version(std::optional<std::uint64_t> version) {
    if (version == 2U) return {};
    if (version == 1U) return schema1();
    return invalid("invalid manifest field schemaVersion: expected the integer 2");
}

/// A body that can be read as either kind may be read differently elsewhere (CVE-2021-41190).
Result<> check_kind(ManifestFields const& fields, std::string_view type) {
    if (fields.names_image && fields.names_index) {
        return invalid(
            "ambiguous manifest with manifests and config or layers: expected manifests in an index, config "
            "and layers in an image manifest");
    }
    if (is_index(type)) {
        if (fields.names_image)
            return invalid(fmt::format("a manifest of type {} has no config or layers", type));
        if (!fields.manifests)
            return invalid(fmt::format("a manifest of type {} needs a list manifests", type));
        return {};
    }
    if (fields.names_index) return invalid(fmt::format("a manifest of type {} has no manifests", type));
    if (!fields.config) return invalid(fmt::format("a manifest of type {} needs a descriptor config", type));
    return {};
}

}  // namespace

std::string_view Manifest::referrer_type() const noexcept {
    if (!artifact_type.empty()) return artifact_type;
    return config ? std::string_view(config->media_type) : std::string_view();
}

Result<Manifest> parse_manifest(std::string_view body, std::string_view content_type, JsonLimits limits) {
    if (!content_type.empty()) {
        CHECK(check_type(content_type));
    }
    TRY(auto fields, read_manifest_fields(body, limits));
    CHECK(check_version(fields.schema_version));
    TRY(auto type, agreed_type(content_type, fields.media_type));
    CHECK(check_kind(fields, type));
    return Manifest{std::move(type),
                    std::move(fields.artifact_type),
                    std::move(fields.config),
                    std::move(fields.layers).value_or(std::vector<Descriptor>()),
                    std::move(fields.manifests).value_or(std::vector<Descriptor>()),
                    std::move(fields.subject),
                    std::move(fields.annotations)};
}

}  // namespace ocilot::oci
