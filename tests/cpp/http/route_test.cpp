#include "http/routes.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace ocilot::http {
namespace {

Routes const& table() {
    static Routes const all = all_routes();
    return all;
}

struct Row {
    std::string_view path;
    std::string_view endpoint;  // Empty: no route.
    std::string_view name;
    std::string_view item;
};

class Paths : public testing::TestWithParam<Row> {};

TEST_P(Paths, FindTheirRow) {
    auto const& row = GetParam();
    auto const route = table().find(row.path);
    ASSERT_EQ(route.has_value(), !row.endpoint.empty()) << row.path;
    if (!route) return;
    EXPECT_EQ(route->endpoint->name, row.endpoint) << row.path;
    EXPECT_EQ(route->name, row.name) << row.path;
    EXPECT_EQ(route->item, row.item) << row.path;
}

INSTANTIATE_TEST_SUITE_P(Plain, Paths,
                         testing::Values(Row{"/", "root", "", ""}, Row{"/v2", "base", "", ""},
                                         Row{"/v2/", "base", "", ""}, Row{"/v2/_catalog", "catalog", "", ""},
                                         Row{"/v2/a/tags/list", "tags", "a", ""},
                                         Row{"/v2/a/b/manifests/latest", "manifest", "a/b", "latest"},
                                         Row{"/v2/a/blobs/sha256:ab", "blob", "a", "sha256:ab"},
                                         Row{"/v2/a/referrers/sha256:ab", "referrers", "a", "sha256:ab"},
                                         Row{"/v2/a/blobs/uploads/", "uploads", "a", ""},
                                         Row{"/v2/a/blobs/uploads", "uploads", "a", ""},
                                         Row{"/v2/a/blobs/uploads/id", "upload", "a", "id"}));

INSTANTIATE_TEST_SUITE_P(
    NamesLikeOurWords, Paths,
    testing::Values(Row{"/v2/tags/list/manifests/x", "manifest", "tags/list", "x"},
                    Row{"/v2/a/blobs/uploads/blobs/uploads/", "uploads", "a/blobs/uploads", ""},
                    Row{"/v2/a/blobs/uploads/tags/list", "tags", "a/blobs/uploads", ""},
                    Row{"/v2/manifests/manifests/manifests", "manifest", "manifests", "manifests"},
                    Row{"/v2/referrers/blobs/uploads/id", "upload", "referrers", "id"},
                    Row{"/v2/blobs/uploads/referrers/d", "referrers", "blobs/uploads", "d"},
                    Row{"/v2/v2/blobs/d", "blob", "v2", "d"}));

INSTANTIATE_TEST_SUITE_P(
    Administration, Paths,
    testing::Values(Row{"/api/v1/repositories/a/b/tags", "tag_rows", "a/b", ""},
                    Row{"/api/v1/repositories/a/b/tags/v1/history", "tag_history", "a/b", "v1"},
                    Row{"/api/v1/repositories/a/b", "repository", "a/b", ""},
                    Row{"/api/v1/repositories/a/b/", "repository", "a/b", ""},
                    // Repositories with components like our words.
                    Row{"/api/v1/repositories/a/tags/tags", "tag_rows", "a/tags", ""},
                    Row{"/api/v1/repositories/tags/tags/history/history", "tag_history", "tags", "history"},
                    Row{"/api/v1/repositories/a/tags/b/history/tags", "tag_rows", "a/tags/b/history", ""},
                    Row{"/api/v1/repositories/a/tags/b/history/tags/v1/history", "tag_history",
                        "a/tags/b/history", "v1"},
                    Row{"/api/v1/repositories/a/tags/", "repository", "a/tags", ""},
                    Row{"/api/v1/repositories/a/tags/v1/history/", "repository", "a/tags/v1/history", ""},
                    Row{"/api/v1/repositories/a/tags/v1", "repository", "a/tags/v1", ""},
                    Row{"/api/v1/repositories/a/history", "repository", "a/history", ""},
                    Row{"/api/v1/repositories/tags", "repository", "tags", ""},
                    Row{"/api/v1/openapi.json", "openapi", "", ""}));

INSTANTIATE_TEST_SUITE_P(
    Invalid, Paths,
    testing::Values(Row{"/v1/", "", "", ""}, Row{"/v2/a", "", "", ""}, Row{"/v2x/a/tags/list", "", "", ""},
                    Row{"/v2/tags/list", "", "", ""}, Row{"/v2/manifests/x", "", "", ""},
                    Row{"/v2/blobs/uploads/", "", "", ""}, Row{"/v2/a/tags/list/", "", "", ""},
                    Row{"/v2/a/manifests/", "", "", ""}, Row{"/v2/a/tags/lists", "", "", ""},
                    Row{"/x/v2/a/tags/list", "", "", ""}, Row{"/v2/_oci/ext/discover", "", "", ""},
                    // Slashes that writes keep end up in the name, whose grammar refuses them.
                    Row{"/v2/a//blobs/uploads/", "uploads", "a/", ""},
                    Row{"/v2//a/tags/list", "tags", "/a", ""}, Row{"/v2/a/blobs//uploads/", "", "", ""}));

TEST(Routes, OfOnePathTellWhatTheyTake) {
    auto const& upload = *table().find("/v2/a/blobs/uploads/id")->endpoint;
    EXPECT_EQ(upload.allow(), "GET, HEAD, PATCH, PUT, DELETE, OPTIONS");
    EXPECT_EQ(upload.find(Method::post), nullptr);
    EXPECT_EQ(upload.find(Method::other), nullptr);
    EXPECT_EQ(table().find("/v2/a/blobs/d")->endpoint->allow(Method::del), "GET, HEAD, OPTIONS");
}

TEST(Routes, AskForTheRightTheMethodNeeds) {
    auto const action = [](std::string_view path, Method method) {
        return table().find(path)->endpoint->find(method)->action;
    };
    EXPECT_EQ(action("/v2/a/manifests/t", Method::head), policy::Action::pull);
    EXPECT_EQ(action("/v2/a/manifests/t", Method::put), policy::Action::create);
    EXPECT_EQ(action("/v2/a/manifests/t", Method::del), policy::Action::remove);
    EXPECT_EQ(action("/v2/a/blobs/d", Method::del), policy::Action::remove);
    EXPECT_EQ(action("/v2/a/blobs/uploads/id", Method::del), policy::Action::create);
    EXPECT_EQ(action("/", Method::get), std::nullopt);
}

TEST(Routes, OfTheAdministrationSayWhatTheyAcceptAndAnswer) {
    for (auto const& endpoint : table().endpoints()) {
        if (!endpoint.pattern.starts_with("/api/v1/")) continue;
        for (auto const& verb : endpoint.verbs) {
            auto const what = std::string(to_string(verb.method)) + ' ' + std::string(endpoint.pattern);
            ASSERT_TRUE(verb.operation) << what << ": give its row an Operation";
            EXPECT_EQ(verb.operation->item != nullptr, endpoint.shape.has_item) << what;
            bool const changes = verb.method == Method::put || verb.method == Method::patch;
            EXPECT_TRUE(!changes || verb.operation->body != nullptr) << what;
            bool const reads_body = verb.operation->body != nullptr;
            EXPECT_EQ(reads_body, verb.errors.has(Errc::body_too_large)) << what;
            std::set<std::string_view> names;
            for (auto const& field : verb.operation->query) {
                EXPECT_TRUE(names.insert(field.name).second) << what << ": " << field.name;
                EXPECT_FALSE(field.meaning.empty()) << what << ": " << field.name;
            }
            for (auto const& success : verb.successes) {
                bool const has_body = success.status != 0 && success.status != 204;
                EXPECT_EQ(success.body != nullptr, has_body) << what << ": " << success.status;
            }
        }
    }
}

TEST(Routes, HaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (auto const& endpoint : table().endpoints()) names.insert(endpoint.name);
    EXPECT_EQ(names.size(), table().endpoints().size());
}

constexpr Endpoint good_rows[] = {row("/", "a", {}),
                                  row("/v2/<name>/blobs/uploads/", "b", {}),
                                  row("/v2/<name>/blobs/uploads/<item>", "c", {}),
                                  row("/v2/<name>/blobs/<item>", "d", {}),
                                  row("/api/jobs/run", "e", {}),
                                  row("/api/jobs/<item>", "f", {}),
                                  row("/v2/<name>/tags/<item>/history", "g", {}),
                                  row("/<name>", "h", {})};
static_assert([] {
    for (std::size_t at = 0; at < std::size(good_rows); ++at) {
        if (!is_reachable(good_rows, at)) return false;
    }
    return true;
}());

/// Rows that compile and never match; each is the last of its table.
constexpr Endpoint item_before_name[] = {row("/v2/<item>/tags/<name>", "a", {})};
constexpr Endpoint behind_tail[] = {row("/v2/<name>/tags/<item>/history", "a", {}),
                                    row("/v2/<name>/to/<item>/history", "b", {}),
                                    row("/v2/<name>/of/tags/<item>/history", "c", {})};
constexpr Endpoint second_name[] = {row("/v2/<name>/to/<name>", "a", {})};
constexpr Endpoint unknown_mark[] = {row("/v2/<name>/manifests/<digest>", "a", {})};
constexpr Endpoint no_slash[] = {row("v2/tags", "a", {})};
constexpr Endpoint twice[] = {row("/v2/<name>/tags/list", "a", {}), row("/v2/<name>/tags/list", "b", {})};
constexpr Endpoint literal_behind_item[] = {row("/api/jobs/<item>", "a", {}), row("/api/jobs/run", "b", {})};
constexpr Endpoint behind_name[] = {row("/v2/<name>", "a", {}), row("/v2/<name>/tags/list", "b", {})};
constexpr Endpoint behind_name_and_item[] = {row("/v2/<name>/<item>", "a", {}),
                                             row("/v2/<name>/manifests/<item>", "b", {})};
static_assert(!is_reachable(item_before_name, 0));
static_assert(is_reachable(behind_tail, 1));
static_assert(!is_reachable(behind_tail, 2));
static_assert(!is_reachable(second_name, 0));
static_assert(!is_reachable(unknown_mark, 0));
static_assert(!is_reachable(no_slash, 0));
static_assert(!is_reachable(twice, 1));
static_assert(!is_reachable(literal_behind_item, 1));
static_assert(!is_reachable(behind_name, 1));
static_assert(!is_reachable(behind_name_and_item, 1));

// Within one table the compiler sees it.
TEST(Routes, AreNotTakenByATableBefore) {
    auto const rows = table().endpoints();
    for (std::size_t at = 0; at < rows.size(); ++at) EXPECT_TRUE(is_reachable(rows, at)) << rows[at].pattern;
}

TEST(Routes, AreFoundInLongPathsWithoutFuss) {
    std::string path = "/v2/";
    for (int i = 0; i < 30000; ++i) path += "blobs/";
    path += "uploads/x";
    EXPECT_EQ(table().find(path)->endpoint->name, "upload");
}

}  // namespace
}  // namespace ocilot::http
