#pragma once

#include "jobs/collector.h"
#include "registry/fixture.h"

#include <chrono>

namespace ocilot::test {

/// A registry with its garbage collection: an hour of grace, a minute for pushes under way.
class CollectorTest : public RegistryTest {
  protected:
    static constexpr std::chrono::seconds grace{3600};
    static constexpr std::chrono::seconds pending{60};

    void SetUp() override { collect(); }  // It reads what changes from now on.

    void pass(std::chrono::seconds time) {
        clock.advance(time);
        steady.advance(time);
    }
    std::size_t collect() { return run(collector->round(round)).value(); }
    /// Everything that follows from everything is gone when nothing more goes.
    void collect_all() {
        while (collect() > 0) {
        }
    }
    void delete_tag(std::string_view name_of_tag) {
        ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, name, tag(name_of_tag))).has_value());
    }
    Result<> delete_manifest(oci::Digest const& digest) {
        return run(registry::delete_manifest(parts, nobody, name, digest));
    }
    oci::Digest push_image(std::string_view layer, std::optional<std::string_view> as = {}) {
        auto const text = image(push("{}"), {push(layer)});
        oci::Reference const reference = as ? tag(*as) : oci::Reference(sha256(text));
        EXPECT_TRUE(push_manifest(text, reference).has_value());
        return sha256(text);
    }
    oci::Digest push_index(std::vector<oci::Digest> const& children, std::optional<std::string_view> as = {},
                           std::optional<oci::Digest> subject = {}) {
        auto const descriptor = [](oci::Digest const& digest) {
            return R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + digest.str() +
                   R"(","size":3})";
        };
        std::string text =
            R"({"schemaVersion":2,"mediaType":")" + std::string(oci_index) + R"(","manifests":[)";
        for (auto const& child : children) text += (&child == children.data() ? "" : ",") + descriptor(child);
        text += "]";
        if (subject) text += R"(,"subject":)" + descriptor(*subject);
        text += "}";
        oci::Reference const reference = as ? tag(*as) : oci::Reference(sha256(text));
        EXPECT_TRUE(push_manifest(text, reference, oci_index).has_value());
        return sha256(text);
    }
    oci::Digest push_referrer(oci::Digest const& subject, std::string_view layer) {
        auto text = image(push("{}"), {push(layer)});
        text.pop_back();
        text += R"(,"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                subject.str() + R"(","size":3}})";
        EXPECT_TRUE(push_manifest(text, sha256(text)).has_value());
        return sha256(text);
    }
    [[nodiscard]] bool has_manifest(oci::Digest const& digest) {
        return run(meta->catalog().manifest(name, digest)).has_value();
    }
    [[nodiscard]] bool has_link(oci::Digest const& digest) { return has_link(name, digest); }
    [[nodiscard]] bool has_link(oci::RepositoryName const& repository, oci::Digest const& digest) {
        return run(meta->links().blob(repository, digest)).has_value();
    }
    [[nodiscard]] bool has_bytes(oci::Digest const& digest) { return run(blobs.stat(digest)).has_value(); }
    [[nodiscard]] std::size_t stored() { return run(blobs.list({}, 1000)).value().digests.size(); }
    void restart_collector() {
        collector.emplace(parts, blobs, jobs::CollectRules{grace, pending, 0}, log, metrics);
    }

    static constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
    jobs::Round const round;
    std::optional<jobs::Collector> collector{
        std::in_place, parts, blobs, jobs::CollectRules{grace, pending, 0}, log, metrics};
};

}  // namespace ocilot::test
