#pragma once

#include "jobs/import.h"
#include "meta/sqlite/temporary_directory.h"
#include "registry/fixture.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ocilot::test {

namespace fs = std::filesystem;

class Notes final : public jobs::ImportWatcher {
  public:
    void skipped(jobs::SkippedItem const& what) override {
        told.push_back(what.repository + " " + what.subject);
        why.push_back(what.message);
    }
    bool should_continue() override { return looks-- > 0; }

    std::vector<std::string> told;
    std::vector<std::string> why;
    int looks = 1000;
};

/// A directory as distribution leaves it, with its blobs in the store of the fixture.
class ImportTest : public RegistryTest {
  protected:
    oci::Digest bytes(std::string_view text) {
        auto const digest = sha256(text);
        EXPECT_TRUE(run(blobs.put(digest, std::as_bytes(std::span(text)))).has_value());
        return digest;
    }
    fs::path repositories() const { return directory.path() / "docker/registry/v2/repositories"; }
    fs::path here() const { return repositories() / name.str(); }
    static fs::path path_of(oci::Digest const& digest) {
        return fs::path(oci::to_string(digest.algorithm())) / digest.hex() / "link";
    }
    void link(fs::path const& file, std::string const& text) const {
        fs::create_directories((here() / file).parent_path());
        std::ofstream(here() / file) << text;
        fs::last_write_time(here() / file, std::chrono::file_clock::from_sys(then));
    }
    void layer(oci::Digest const& digest) const { link("_layers" / path_of(digest), digest.str()); }
    void revision(oci::Digest const& digest) const {
        link("_manifests/revisions" / path_of(digest), digest.str());
    }
    void tagged(std::string const& tag, oci::Digest const& digest) const {
        link(fs::path("_manifests/tags") / tag / "current/link", digest.str());
    }
    /// An image with one layer, under a tag; its manifest.
    oci::Digest an_image(std::string const& tag, std::string_view layer_bytes = "layer") {
        auto const config = bytes("{}");
        auto const only = bytes(layer_bytes);
        layer(config);
        layer(only);
        auto const manifest = bytes(image(config, {only}));
        revision(manifest);
        tagged(tag, manifest);
        return manifest;
    }
    Result<jobs::ImportCounts> import() {
        notes = {};
        return run(jobs::import_distribution(directory.path(), blobs, *meta, clock, {}, notes));
    }
    Result<meta::ManifestFact> at(std::string_view tag) {
        auto const parsed = oci::Tag::parse(tag).value();
        return run(meta->catalog().resolve(name, parsed));
    }

    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::chrono::sys_seconds then{std::chrono::seconds(1'500'000'000)};
    Notes notes;
};

}  // namespace ocilot::test
