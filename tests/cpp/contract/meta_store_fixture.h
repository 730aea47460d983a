#pragma once

#include "meta/make_facts.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "meta/store.h"
#include "run.h"

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace ocilot::test {

/// A place that can hold a store, empty at first; destroyed with what it holds.
class MetaPlace {
  public:
    virtual ~MetaPlace() = default;
    virtual std::unique_ptr<meta::MetaStore> open(
        Log const& log, Metrics& metrics,
        meta::CallerCounting counting = meta::CallerCounting::as_it_was) = 0;
};

/// One implementation of MetaStore under the contract.
struct MetaKind {
    std::string name;
    std::function<std::unique_ptr<MetaPlace>()> make;
    friend void PrintTo(MetaKind const& kind, std::ostream* out) { *out << kind.name; }
};

class SqliteFile final : public MetaPlace {
  public:
    std::unique_ptr<meta::MetaStore> open(Log const& log, Metrics& metrics,
                                          meta::CallerCounting counting) override {
        return meta::SqliteStore::open((directory_.path() / "meta.db").string(), log, metrics, counting)
            .value();
    }

  private:
    meta::TemporaryDirectory directory_ = meta::TemporaryDirectory::make().value();
};

class SqliteMemory final : public MetaPlace {
  public:
    std::unique_ptr<meta::MetaStore> open(Log const& log, Metrics& metrics,
                                          meta::CallerCounting counting) override {
        return meta::SqliteStore::open(":memory:", log, metrics, counting).value();
    }
};

/// Every implementation, for each suite of the contract.
inline auto meta_kinds() {
    return ::testing::Values(MetaKind{"SqliteFile", [] { return std::make_unique<SqliteFile>(); }},
                             MetaKind{"SqliteMemory", [] { return std::make_unique<SqliteMemory>(); }});
}
#define OCILOT_META_KINDS(Suite)                                       \
    INSTANTIATE_TEST_SUITE_P(All, Suite, ::ocilot::test::meta_kinds(), \
                             [](auto const& kind) { return kind.param.name; })

class MetaStoreContract : public ::testing::TestWithParam<MetaKind> {
  protected:
    meta::Catalog& catalog() { return store->catalog(); }
    meta::RepositoryAdmin& admin() { return catalog().admin(); }
    meta::Links& links() { return store->links(); }
    meta::Uploads& uploads() { return store->uploads(); }

    Result<> put(meta::NewManifest manifest) { return run(catalog().put_manifest(std::move(manifest))); }
    void link(oci::RepositoryName const& repository, std::string_view content) {
        ASSERT_TRUE(run(links().link_blob(repository, {digest(content), content.size()}, {}, bob, at(1)))
                        .has_value());
    }
    std::vector<std::string> repositories(std::size_t limit = 1000) {
        return run(catalog().repositories({{}, limit})).value().items;
    }
    std::vector<std::string> tags(std::string_view name) {
        return run(catalog().tags(repo(name), {{}, 1000})).value().items;
    }
    Errc tags_error(std::string_view name) { return run(catalog().tags(repo(name), {{}, 10})).error().code; }
    /// A referrer, kept.
    struct Referrer {
        oci::Digest digest;
        std::string media_type;
        std::uint64_t size;
        std::string artifact_type;
        std::string annotations_json;
    };
    struct Referrers {
        std::vector<Referrer> items;
        bool more;
    };
    Referrers referrers_page(oci::RepositoryName const& repository, oci::Digest const& subject,
                             std::optional<std::string> type, meta::Page page) {
        Referrers found;
        meta::ReferrerVisitor const take = [&](meta::ReferrerRow const& row) {
            found.items.push_back({oci::Digest::parse(row.digest).value(), std::string(row.media_type),
                                   row.size, std::string(row.artifact_type),
                                   std::string(row.annotations_json)});
            return true;
        };
        found.more =
            run(catalog().referrers(repository, subject, std::move(type), std::move(page), take)).value();
        return found;
    }
    std::vector<oci::Digest> referrers(std::string_view name, oci::Digest const& subject,
                                       std::optional<std::string> type = {}) {
        std::vector<oci::Digest> digests;
        auto const found = referrers_page(repo(name), subject, std::move(type), {{}, 1000});
        for (auto const& referrer : found.items) digests.push_back(referrer.digest);
        return digests;
    }

    Observers observers;
    std::unique_ptr<MetaPlace> place = GetParam().make();
    std::unique_ptr<meta::MetaStore> store = place->open(observers.log, observers.metrics);
    oci::RepositoryName const app = repo("team/app");
};

}  // namespace ocilot::test
