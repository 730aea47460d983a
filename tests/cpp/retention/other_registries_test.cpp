#include "retention/a_repository.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace ocilot {
namespace {

using namespace test;
using Json = nlohmann::json;
using std::chrono::days;

std::string content_of(std::size_t number) {
    return "m" + std::to_string(number);
}

retention::Repository repository_of(Json const& images) {
    ARepository made;
    for (std::size_t number = 0; number < images.size(); ++number) {
        auto const& image = images[number];
        auto const content = content_of(number);
        auto const age = days(image["days"].get<int>());
        made.manifest(content, age);
        for (auto const& tag : image["tags"]) made.tag(tag.get<std::string>(), content, age);
        if (image.contains("untagged")) made.released(content, days(image["untagged"].get<int>()));
        if (image.contains("pulled")) made.pulled(content, days(image["pulled"].get<int>()));
        if (!image.contains("subject")) continue;
        auto const& subject = image["subject"];
        made.subject(content, subject.is_number() ? content_of(subject.get<std::size_t>())
                                                  : subject.get<std::string>());
    }
    return made.done();
}

/// What the tables of docs/operate/retention.md say does what the other registry does.
TEST(RulesOfOtherRegistries, AreExpressible) {
    std::ifstream file(OCILOT_TEST_DATA "/retention_of_others.json");
    auto const rows = Json::parse(file);
    ASSERT_GE(rows.size(), 25U);
    for (auto const& row : rows) {
        auto const what = row["registry"].get<std::string>() + ": " + row["there"].get<std::string>();
        auto policy = row["policy"];
        policy.update(Json{{"name", "p"}, {"floor", 0}, {"protect", Json::array()}});
        if (!policy.contains("repositories")) policy["repositories"] = Json::array({"**"});
        auto const policies = retention::parse_policies(Json::array({policy}).dump());
        ASSERT_TRUE(policies.has_value()) << what << ": " << policies.error().message;
        std::set<std::string> expected;
        for (auto const& name : row["deleted"]) {
            auto const text = name.get<std::string>();
            bool const is_tag = text.front() != '@';
            expected.insert(is_tag ? text : "@" + digest_of(content_of(std::stoul(text.substr(1)))).str());
        }
        EXPECT_EQ(deleted(*policies, repository_of(row["images"])), expected) << what;
    }
}

}  // namespace
}  // namespace ocilot
