#include "jobs/import.h"

#include "base/task_group.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "oci/tag.h"
#include "registry/manifest_facts.h"
#include "registry/read_whole.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace ocilot::jobs {

namespace {

/// Repositories at work at once: what they write waits together for one fsync.
constexpr std::size_t at_once = 32;

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
    auto const code = found.error().code;
    bool const unknown =
        code == Errc::blob_unknown || code == Errc::manifest_unknown || code == Errc::name_unknown;
    if (unknown) return false;
    return found.error();
}

/// What became of a blob that a repository shall hold.
enum class Held : std::uint8_t { already, now, not_there };

class Import {
  public:
    Import(std::filesystem::path const& root, blob::BlobStore& blobs, meta::MetaStore& meta,
           ImportLimits limits, ImportWatcher& watcher)
        : root_(root),
          blobs_(blobs),
          meta_(meta),
          limits_(limits),
          watcher_(watcher),
          tree_(root, [this](auto const& repository, auto const& subject, auto const& why) {
              leave(repository, subject, why);
          }) {}

    Task<Result<ImportCounts>> run();

  private:
    using TagsOf = std::map<oci::Digest, std::vector<oci::Tag>>;

    Task<> work();
    Task<Result<>> repository(oci::RepositoryName const& name);
    Task<Result<>> layer(oci::RepositoryName const& name, TreeLink const& link);
    Task<Result<Held>> hold(oci::RepositoryName const& name, oci::Digest const& digest, Time since);
    Task<Result<>> revision(oci::RepositoryName const& name, TreeLink const& link, TagsOf& tags);
    Task<Result<std::string>> bytes_of(oci::Digest const& digest);
    Task<Result<std::vector<oci::Tag>>> unset(oci::RepositoryName const& name, oci::Digest const& digest,
                                              std::vector<oci::Tag> tags);
    TagsOf tags_of(oci::RepositoryName const& name);
    Result<> still_wanted();
    void leave(std::string const& repository, std::string const& subject, std::string const& why);

    std::filesystem::path root_;
    blob::BlobStore& blobs_;
    meta::MetaStore& meta_;
    ImportLimits limits_;
    ImportWatcher& watcher_;
    DistributionTree tree_;
    std::vector<oci::RepositoryName> names_ = {};
    std::size_t next_ = 0;
    Result<> outcome_ = {};
    ImportCounts counts_ = {};
    meta::Actor by_{.name = "import", .kind = "local", .address = {}};
};

void Import::leave(std::string const& repository, std::string const& subject, std::string const& why) {
    ++counts_.left_behind;
    watcher_.left_behind({repository, subject, why});
}

Result<> Import::still_wanted() {
    if (watcher_.go_on()) return {};
    return Error{Errc::cancelled, "the import was ended early; run it again, it goes on where it was"};
}

Task<Result<ImportCounts>> Import::run() {
    if (!tree_.exists()) co_return nothing_to_import(root_);
    CO_TRY(names_, tree_.repositories());
    TaskGroup workers(co_await asio::this_coro::executor);
    for (std::size_t i = 0; i < std::min(at_once, names_.size()); ++i) workers.spawn(work());
    co_await workers.join();
    CO_CHECK(std::move(outcome_));
    co_return counts_;
}

/// Until no repository is left, or one has failed.
Task<> Import::work() {
    while (next_ < names_.size() && outcome_.has_value()) {
        auto const name = names_[next_++];
        auto done = co_await repository(name);
        if (done.has_error() && outcome_.has_value()) outcome_ = std::move(done);
    }
}

Task<Result<>> Import::repository(oci::RepositoryName const& name) {
    ++counts_.repositories;
    for (auto const& link : tree_.layers(name)) {
        CO_CHECK(still_wanted());
        CO_CHECK(co_await layer(name, link));
    }
    auto tags = tags_of(name);
    for (auto const& link : tree_.revisions(name)) {
        CO_CHECK(still_wanted());
        CO_CHECK(co_await revision(name, link, tags));
    }
    for (auto const& [digest, dangling] : tags) {
        for (auto const& tag : dangling) {
            leave(name.str(), tag.str(), fmt::format("it points to {}, which was not taken", digest.str()));
        }
    }
    co_return Result<>{};
}

Import::TagsOf Import::tags_of(oci::RepositoryName const& name) {
    TagsOf tags;
    for (auto const& link : tree_.tags(name)) {
        auto tag = oci::Tag::parse(link.name);
        if (tag.has_error()) {
            leave(name.str(), link.name, tag.error().message);
        } else {
            tags[link.target].push_back(std::move(*tag));
        }
    }
    return tags;
}

Task<Result<>> Import::layer(oci::RepositoryName const& name, TreeLink const& link) {
    if (link.name != link.target.str()) {
        leave(name.str(), link.name,
              fmt::format("distribution keeps it as {} only; push it again under this digest",
                          link.target.str()));
        co_return Result<>{};
    }
    CO_TRY(auto const held, co_await hold(name, link.target, link.written));
    if (held == Held::not_there) {
        leave(name.str(), link.name, "it is linked here and has no bytes; push it again");
    } else {
        ++counts_.blobs;
    }
    co_return Result<>{};
}

Task<Result<Held>> Import::hold(oci::RepositoryName const& name, oci::Digest const& digest, Time since) {
    CO_TRY(bool const known, is_known(co_await meta_.links().blob(name, digest)));
    if (known) co_return Held::already;
    auto const size = co_await blobs_.stat(digest);
    CO_TRY(bool const there, is_known(size));
    if (!there) co_return Held::not_there;
    CO_CHECK(co_await meta_.links().link_blob(name, {digest, *size}, std::nullopt, by_, since));
    co_return Held::now;
}

/// A manifest with the tags that point to it, which are taken out of `tags`.
Task<Result<>> Import::revision(oci::RepositoryName const& name, TreeLink const& link, TagsOf& tags) {
    auto const& digest = link.target;
    auto const bytes = co_await bytes_of(digest);
    auto const manifest = bytes.has_value() ? parse(*bytes, limits_.json) : bytes.error();
    if (manifest.has_error()) {
        leave(name.str(), digest.str(), manifest.error().message);
        co_return Result<>{};
    }
    auto facts = registry::facts_of(name, {digest, manifest->media_type, bytes->size()}, *manifest);
    // A directory that garbage was collected in, or that was a mirror's, lacks links that manifests need.
    for (auto const& needed : facts.blobs) {
        CO_TRY(auto const held, co_await hold(name, needed, link.written));
        if (held == Held::now) ++counts_.blobs;
    }
    if (auto mine = tags.extract(digest)) {
        CO_TRY(facts.tags, co_await unset(name, digest, std::move(mine.mapped())));
    }
    ++counts_.manifests;
    CO_TRY(bool const known, is_known(co_await meta_.catalog().manifest(name, digest)));
    if (known && facts.tags.empty()) co_return Result<>{};
    facts.required_blobs.clear();
    facts.required_manifests.clear();
    facts.pushed_by = by_;
    facts.pushed_at = link.written;
    facts.may_move_tags = false;
    counts_.tags += facts.tags.size();
    co_return co_await meta_.catalog().put_manifest(std::move(facts));
}

/// Errors are about the manifest, not about the disk as a whole: others may well be read.
Task<Result<std::string>> Import::bytes_of(oci::Digest const& digest) {
    auto const blob = co_await blobs_.open(digest);
    if (blob.has_error() && blob.error().code == Errc::blob_unknown) {
        co_return Error{Errc::manifest_unknown, "the manifest has no bytes; push it again"};
    }
    if (blob.has_error()) co_return blob.error();
    if ((*blob)->size() > limits_.manifest) {
        co_return Error{Errc::manifest_invalid,
                        fmt::format("the manifest has {} bytes, more than the {} allowed", (*blob)->size(),
                                    limits_.manifest)};
    }
    co_return co_await registry::read_whole(**blob, digest);
}

/// Those of `tags` that are not there yet.
Task<Result<std::vector<oci::Tag>>> Import::unset(oci::RepositoryName const& name, oci::Digest const& digest,
                                                  std::vector<oci::Tag> tags) {
    std::vector<oci::Tag> wanted;
    for (auto& tag : tags) {
        auto const there = co_await meta_.catalog().resolve(name, tag);
        CO_TRY(bool const known, is_known(there));
        if (!known) {
            wanted.push_back(std::move(tag));
        } else if (there->digest == digest) {
            ++counts_.tags;
        } else {
            leave(name.str(), tag.str(), "it points elsewhere here by now, and stays so");
        }
    }
    co_return wanted;
}

}  // namespace

Error nothing_to_import(std::filesystem::path const& root) {
    return {Errc::config,
            fmt::format("there are no repositories of distribution in {}; give the directory that its "
                        "configuration calls rootdirectory",
                        root.string())};
}

Task<Result<ImportCounts>> import_distribution(std::filesystem::path const& root, blob::BlobStore& blobs,
                                               meta::MetaStore& meta, ImportLimits limits,
                                               ImportWatcher& watcher) {
    Import import(root, blobs, meta, limits, watcher);
    co_return co_await import.run();
}

}  // namespace ocilot::jobs
