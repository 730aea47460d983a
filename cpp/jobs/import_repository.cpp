#include "jobs/import_repository.h"

#include "base/counted.h"
#include "oci/children.h"
#include "oci/hasher.h"
#include "oci/media_type.h"
#include "registry/manifest_facts.h"
#include "registry/read_whole.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::jobs {

namespace {

/// distribution does not keep the type that a manifest was pushed with. What names none is what distribution
/// takes it for: an index if it has manifests, else an image manifest.
Result<oci::Manifest> parse(std::string_view bytes, oci::JsonLimits limits) {
    auto declared = oci::parse_manifest(bytes, "", limits);
    if (declared.has_value()) return declared;
    for (auto const type : {oci::media_type::oci_manifest, oci::media_type::oci_index}) {
        auto guessed = oci::parse_manifest(bytes, type, limits);
        if (guessed.has_value()) return guessed;
    }
    return declared;
}

/// Whether something is known, is not, or cannot be found out.
template <class T>
Result<bool> is_known(Result<T> const& found) {
    if (found.has_value()) return true;
    switch (found.error().code) {
        case Errc::blob_unknown:
        case Errc::manifest_unknown:
        case Errc::name_unknown:
            return false;
        default:
            return found.error();
    }
}

/// distribution takes a field whatever its case, and the last of several; we take the one of the spec. What
/// each reads out of a manifest must be the same, or it would bring blobs that distribution has not asked
/// for.
bool has_lookalike(nlohmann::json const& object) {
    static constexpr std::array<std::string_view, 8> fields{"config", "digest",    "layers", "manifests",
                                                            "size",   "mediaType", "urls",   "schemaVersion"};
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    auto const is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    for (auto const& [key, value] : object.items()) {
        if (!std::ranges::all_of(key, is_ascii)) return true;
        for (auto const field : fields) {
            if (key != field && std::ranges::equal(key, field, {}, lower, lower)) return true;
        }
    }
    return false;
}

bool is_read_alike(std::string_view bytes) {
    auto const manifest = nlohmann::json::parse(bytes, nullptr, false);
    if (!manifest.is_object() || has_lookalike(manifest)) return false;
    if (manifest.contains("config") && manifest["config"].is_object() && has_lookalike(manifest["config"])) {
        return false;
    }
    if (!manifest.contains("layers") || !manifest["layers"].is_array()) return true;
    return std::ranges::none_of(manifest["layers"],
                                [](auto const& layer) { return layer.is_object() && has_lookalike(layer); });
}

bool is_empty(oci::Digest const& digest) {
    return digest == oci::digest_of(digest.algorithm(), std::string_view());
}

std::string printable(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (c >= ' ' && c <= '~') {
            out += c;
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

}  // namespace

void ImportContext::skip(std::string_view repository, std::string_view subject, std::string_view why) {
    ++counts.skipped;
    watcher.skipped({printable(repository), printable(subject), printable(why)});
}

Result<> RepositoryImport::check_cancelled() {
    if (all_.watcher.should_continue()) return {};
    return Error{Errc::cancelled, "interrupted; run it again, it continues where it stopped"};
}

Task<Result<>> RepositoryImport::run() {
    ++all_.counts.repositories;
    for (auto const& link : all_.tree.layers(name_)) {
        CO_CHECK(check_cancelled());
        CO_CHECK(co_await layer(link));
    }
    read_tags();
    for (auto const& link : all_.tree.revisions(name_)) {
        CO_CHECK(check_cancelled());
        CO_CHECK(co_await revision(link));
    }
    CO_CHECK(co_await manifests_among_layers());
    for (auto const& [digest, dangling] : tags_) {
        for (auto const& link : dangling) {
            skip(link.tag.str(), fmt::format("its manifest {} was not imported", digest.str()));
        }
    }
    co_return Result<>{};
}

/// distribution looks for a manifest among the revisions, then among the layers.
Task<Result<>> RepositoryImport::manifests_among_layers() {
    for (auto const& tag : tags_) want(tag.first);
    // A layer that no tag has ever pointed to is not read to see whether it is a manifest.
    if (!wanted_.empty()) {
        for (auto const& digest : all_.tree.earlier_targets(name_)) want(digest);
    }
    while (!wanted_.empty()) {
        CO_CHECK(check_cancelled());
        auto const digest = wanted_.back();
        wanted_.pop_back();
        if (visited_.contains(digest)) continue;
        // A tag that points to a mere layer is named with the tags that dangle.
        auto const bytes = co_await bytes_of(digest);
        if (bytes.has_error() || parse(*bytes, all_.limits.json).has_error()) continue;
        TreeLink const link{digest.str(), digest, layers_.at(digest)};
        CO_CHECK(co_await revision(link));
    }
    co_return Result<>{};
}

void RepositoryImport::want(oci::Digest const& digest) {
    if (layers_.contains(digest) && !visited_.contains(digest)) wanted_.push_back(digest);
}

void RepositoryImport::read_tags() {
    for (auto const& link : all_.tree.tags(name_)) {
        auto tag = oci::Tag::parse(link.name);
        if (tag.has_error()) {
            skip(link.name, tag.error().message);
        } else {
            tags_[link.target].push_back({std::move(*tag), link.written});
        }
    }
}

Task<Result<>> RepositoryImport::layer(TreeLink const& link) {
    if (link.name != link.target.str()) {
        skip(link.name, fmt::format("distribution stores it only as {}; push it again under this digest",
                                    link.target.str()));
        co_return Result<>{};
    }
    layers_.emplace(link.target, link.written);
    // Garbage collection leaves the links of what it has removed: that matters where an image needs it.
    CO_CHECK(co_await link_blob(link.target, link.written));
    co_return Result<>{};
}

/// Links a blob to the repository, if its bytes are there.
Task<Result<std::string>> RepositoryImport::link_blob(oci::Digest const& digest, Time since) {
    std::uint64_t size = 0;
    CO_TRY(auto const problem, co_await problem_with(digest, size));
    if (!problem.empty()) co_return problem;
    auto& links = all_.meta.links();
    CO_TRY(bool const known, is_known(co_await links.blob(name_, digest)));
    if (!known) {
        CO_CHECK(co_await links.link_blob(name_, {digest, size}, std::nullopt, all_.by, since));
    }
    if (linked_.insert(digest).second) ++all_.counts.blobs;
    co_return std::string();
}

/// What is wrong with a blob, as far as can be seen without reading it; if nothing is, its size. An error is
/// about the disk as a whole.
Task<Result<std::string>> RepositoryImport::problem_with(oci::Digest const& digest, std::uint64_t& size) {
    auto const found = co_await all_.blobs.stat(digest);
    if (found.has_error()) {
        auto const code = found.error().code;
        if (code == Errc::no_space || code == Errc::unavailable) co_return found.error();
        if (code == Errc::blob_unknown) co_return std::string("its file is missing; push it again");
        co_return found.error().message;
    }
    size = *found;
    if (size == 0 && !is_empty(digest)) co_return std::string("its file is empty; push it again");
    co_return std::string();
}

/// A manifest with the tags that point to it.
Task<Result<>> RepositoryImport::revision(TreeLink const& link) {
    auto const& digest = link.target;
    if (link.name != digest.str()) {
        skip(link.name, fmt::format("its link file has another digest, {}", digest.str()));
        co_return Result<>{};
    }
    visited_.insert(digest);
    auto const bytes = co_await bytes_of(digest);
    auto const manifest = bytes.has_value() ? parse(*bytes, all_.limits.json) : bytes.error();
    if (manifest.has_error()) {
        skip(digest.str(), manifest.error().message);
        co_return Result<>{};
    }
    if (!is_read_alike(*bytes)) {
        skip(digest.str(), "ambiguous field in the manifest; push it without the field");
        co_return Result<>{};
    }
    for (auto const& child : oci::children_of(*manifest)) {
        if (child.is_manifest) want(child.descriptor->digest);
    }
    CO_CHECK(co_await content(*manifest, link.written));
    std::vector<TagLink> tags;
    if (auto mine = tags_.extract(digest)) {
        CO_TRY(tags, co_await tags_to_set(digest, std::move(mine.mapped())));
    }
    ++all_.counts.manifests;
    CO_TRY(bool const known, is_known(co_await all_.meta.catalog().manifest(name_, digest)));
    if (known && tags.empty()) co_return Result<>{};
    auto facts = registry::facts_of(name_, {digest, manifest->media_type, bytes->size()}, *manifest);
    facts.required_blobs.clear();
    facts.required_manifests.clear();
    facts.pushed_by = all_.by;
    facts.pushed_at = link.written;
    facts.may_move_tags = false;
    co_return co_await record(std::move(facts), std::move(tags));
}

/// A directory that garbage was collected in, or that was a mirror's, lacks links that an image needs. An
/// index needs none: distribution may have taken one that names anything.
Task<Result<>> RepositoryImport::content(oci::Manifest const& manifest, Time since) {
    if (!oci::is_image_manifest(manifest.media_type)) co_return Result<>{};
    for (auto const& child : oci::children_of(manifest)) {
        if (child.is_manifest || !child.is_required) continue;
        auto const& digest = child.descriptor->digest;
        CO_TRY(auto const problem, co_await link_blob(digest, since));
        if (!problem.empty() && lacking_.insert(digest).second) skip(digest.str(), problem);
    }
    co_return Result<>{};
}

/// Errors are about the manifest, not about the disk as a whole: others may well be read.
Task<Result<std::string>> RepositoryImport::bytes_of(oci::Digest const& digest) {
    auto const blob = co_await all_.blobs.open(digest);
    if (blob.has_error() && blob.error().code == Errc::blob_unknown) {
        co_return Error{Errc::manifest_unknown, "the file of the manifest is missing; push it again"};
    }
    if (blob.has_error()) co_return blob.error();
    if ((*blob)->size() > all_.limits.manifest) {
        co_return Error{Errc::manifest_invalid,
                        fmt::format("the manifest has {}, more than the {} allowed",
                                    counted_bytes((*blob)->size()), all_.limits.manifest)};
    }
    co_return co_await registry::read_whole(**blob, digest);
}

/// Those of `tags` that are not there yet.
Task<Result<std::vector<RepositoryImport::TagLink>>> RepositoryImport::tags_to_set(
    oci::Digest const& digest, std::vector<TagLink> tags) {
    std::vector<TagLink> wanted;
    for (auto& link : tags) {
        auto const there = co_await all_.meta.catalog().resolve(name_, link.tag);
        CO_TRY(bool const known, is_known(there));
        if (!known) {
            wanted.push_back(std::move(link));
        } else if (there->digest == digest) {
            ++all_.counts.tags;
        } else {
            skip(link.tag.str(), fmt::format("kept: it points to {} here and to {} in distribution",
                                             there->digest.str(), digest.str()));
        }
    }
    co_return wanted;
}

/// The manifest with the tags that came with it; those that were set later have a time of their own. The link
/// of a manifest is written again with every push of it, so that the oldest of all is the first push.
Task<Result<>> RepositoryImport::record(meta::NewManifest facts, std::vector<TagLink> tags) {
    for (auto const& link : tags) facts.pushed_at = std::min(facts.pushed_at, link.written);
    std::vector<TagLink> pushed_with_it;
    std::vector<TagLink> set_later;
    for (auto& link : tags) {
        bool const later = link.written - facts.pushed_at > std::chrono::seconds(1);
        (later ? set_later : pushed_with_it).push_back(std::move(link));
    }
    CO_CHECK(co_await set_tags(facts, pushed_with_it));
    for (auto& link : set_later) {
        facts.pushed_at = link.written;
        std::vector one{std::move(link)};
        CO_CHECK(co_await set_tags(facts, one));
    }
    co_return Result<>{};
}

Task<Result<>> RepositoryImport::set_tags(meta::NewManifest facts, std::vector<TagLink> const& tags) {
    for (auto const& link : tags) facts.tags.push_back(link.tag);
    auto done = co_await all_.meta.catalog().put_manifest(facts);
    if (done.has_error() && done.error().code == Errc::denied) {
        co_return co_await set_one_by_one(std::move(facts));
    }
    if (done.has_value()) all_.counts.tags += tags.size();
    co_return done;
}

/// A manifest that is quarantined holds its tags, and cannot be pulled by them.
Task<Result<>> RepositoryImport::set_one_by_one(meta::NewManifest facts) {
    auto const tags = std::exchange(facts.tags, {});
    CO_CHECK(co_await all_.meta.catalog().put_manifest(facts));
    for (auto const& tag : tags) {
        facts.tags = {tag};
        auto done = co_await all_.meta.catalog().put_manifest(facts);
        bool const taken = done.has_error() && done.error().code == Errc::denied;
        if (done.has_error() && !taken) co_return done;
        if (taken) {
            skip(tag.str(),
                 "it points to another manifest here, which cannot be pulled; delete the tag first");
        } else {
            ++all_.counts.tags;
        }
    }
    co_return Result<>{};
}

}  // namespace ocilot::jobs
