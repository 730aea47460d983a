#include "retention/a_repository.h"
#include "retention/members.h"

#include <random>

namespace ocilot {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What is wrong, at its path.
std::string problem(std::string_view json) {
    auto const parsed = retention::parse_policies(json);
    if (parsed.has_value()) return "none";
    std::string at;
    for (auto const& step : parsed.error().subjects) at += step + ".";
    return at + " " + parsed.error().message;
}

std::string problem_of_rule(std::string_view list, std::string_view rule) {
    return problem(std::string(R"([{"name":"p","repositories":["**"],")") + std::string(list) + "\":[" +
                   std::string(rule) + "]}]");
}

TEST(RetentionGrammar, RefusesWhatItDoesNotUnderstand) {
    EXPECT_THAT(problem("{}"), HasSubstr("a list"));
    EXPECT_THAT(problem(R"([{"name":"p","repositories":["**"],"rules":[]}])"),
                HasSubstr("0.rules. one of the keys"));
    EXPECT_THAT(problem(R"([{"name":"p","repositories":["**"]}])"), HasSubstr("rules in delete"));
    EXPECT_THAT(problem_of_rule("delete", R"({"tags":"*"})"), HasSubstr("0.delete.0. it deletes every tag"));
    EXPECT_THAT(problem_of_rule("delete", R"({"tags":"*","older-than":"5x"})"),
                HasSubstr("0.delete.0.older-than. a number and a unit"));
    EXPECT_THAT(problem_of_rule("delete", R"({"tags":"v*","newest":3})"), HasSubstr("keep rule"));
    EXPECT_THAT(problem_of_rule("keep", R"({"tags":["v*","^v.*$"]})"), HasSubstr("0.keep.0.tags.1."));
    EXPECT_THAT(problem_of_rule("delete", R"({"tags":"*","pulled-within":"7d"})"),
                HasSubstr("it would delete what is in use"));
    EXPECT_THAT(problem_of_rule("keep", R"({"tags":"*","per":"pattern"})"), HasSubstr("newest"));
    EXPECT_THAT(problem_of_rule("keep", R"({"untagged-for":"7d"})"), HasSubstr("untagged: true"));
    EXPECT_THAT(problem_of_rule("delete", R"({"untagged":true})"), HasSubstr("use untagged-for"));
    EXPECT_THAT(problem_of_rule("keep", R"({"untagged":false})"), HasSubstr("0.keep.0.untagged. true"));
    EXPECT_THAT(problem_of_rule("keep", R"({"tags":"*","until-size":"5GiB"})"), HasSubstr("delete rules"));
    EXPECT_THAT(problem_of_rule("delete", R"({"tags":"*","until-size":"0"})"), HasSubstr("such as 50GiB"));
    EXPECT_THAT(problem_of_rule("delete", R"({"tags":"*","until-size":"5GiB","by":"pull"})"),
                HasSubstr("want of pulls"));
    EXPECT_THAT(problem_of_rule("keep", R"({"label":{"a":["x","y"]}})"), HasSubstr("label.a. one pattern"));
    EXPECT_THAT(problem_of_rule("keep", R"({"tags":"*","newest":1,"per":"label:"})"), HasSubstr("label:KEY"));
    EXPECT_THAT(problem_of_rule("keep", R"({"newest":3})"), HasSubstr("a rule with tags"));
    EXPECT_THAT(problem_of_rule("keep", R"({"in-use":"used.txt"})"), HasSubstr("absolute path"));
}

TEST(RetentionGrammar, NamesTheListInAFileThatAClientMayNotRead) {
    auto const refused = [](std::string const& place) {
        auto const policies = retention::parse_policies(
            R"([{"name":"a","repositories":["**"],"delete":[{"tags":"v*"}]},{"name":"b","repositories":)"
            R"(["**"],"keep":[{"tags":"v*"},{"in-use":")" +
            place + R"("}]}])");
        return retention::check_reads_no_file(policies.value());
    };
    auto const file = refused("file:/etc/used");
    ASSERT_TRUE(file.has_error());
    EXPECT_THAT(file.error().subjects, ::testing::ElementsAre("1", "keep", "1", "in-use"));
    EXPECT_TRUE(refused("https://a.example/used").has_value());
}

TEST(RetentionGrammar, TakesListsOfWhatIsInUseFromWhereNobodyReplacesThem) {
    auto const in_use = [](std::string const& place) {
        return problem_of_rule("keep", R"({"in-use":")" + place + "\"}");
    };
    for (auto const* const place :
         {"file:/etc/used", "https://a.example/used?token=x", "https://[2001:db8::1]:8443/",
          "http://localhost:8/l", "http://127.0.0.1/l", "http://[::1]:80"}) {
        EXPECT_EQ(in_use(place), "none") << place;
    }
    for (auto const* const place :
         {"http://a.example/used", "http://localhost.example/", "http://u@localhost/"}) {
        EXPECT_THAT(in_use(place), HasSubstr("use https://")) << place;
    }
    for (auto const* const place :
         {"https://", "https://user:password@a.example/", "ftp://a.example", "/etc/used"}) {
        EXPECT_THAT(in_use(place), HasSubstr("or a URL")) << place;
    }
    EXPECT_THAT(in_use("hook:kubernetes"), HasSubstr("an images_in_use or retain hook"));
    auto const policies = policy(R"("keep":[{"in-use":"https://a.example/used?token=x"}])");
    EXPECT_EQ(rule_text(policies[0].keep[0]), "in use by https://a.example/used") << "without the secret";
}

TEST(RetentionGrammar, AFuseIsAShareACountOrBoth) {
    auto const with = [](std::string_view fuse) {
        return std::string(R"([{"name":"p","repositories":["**"],"delete":[{"tags":"v*"}],"fuse":)") +
               std::string(fuse) + "}]";
    };
    auto const fuse = [&](std::string_view text) {
        return retention::parse_policies(with(text)).value().front().fuse;
    };
    auto const none = retention::parse_policies(with("null")).value().front().fuse;
    EXPECT_EQ(none.share, 25U);
    EXPECT_EQ(none.tags, std::nullopt);
    EXPECT_EQ(fuse(R"("40%")").share, 40U);
    EXPECT_EQ(fuse(R"("40%")").tags, std::nullopt);
    EXPECT_EQ(fuse("500").tags, 500U);
    EXPECT_EQ(fuse(R"("500")").tags, 500U) << "as YAML hands it over";
    EXPECT_EQ(fuse("500").share, std::nullopt);
    auto const both = fuse(R"({"share":"5%","tags":"0"})");
    EXPECT_EQ(both.share, 5U);
    EXPECT_EQ(both.tags, 0U);
    EXPECT_EQ(fuse(R"({"tags":7})").share, std::nullopt);
    for (auto const* const text : {R"("101%")", R"("%")", R"("a quarter")", "-1", "1.5", "true", "[]", "{}",
                                   R"("500 tags")", R"("25 %")"}) {
        EXPECT_THAT(problem(with(text)), HasSubstr("0.fuse. a share of the tags of a repository such as 25%, "
                                                   "a number of tags in a plan such as 500, or both"))
            << text;
    }
    EXPECT_THAT(problem(with(R"({"share":25})")), HasSubstr("0.fuse.share. a share of the tags"));
    EXPECT_THAT(problem(with(R"({"tags":"many"})")), HasSubstr("0.fuse.tags. a whole number"));
    EXPECT_THAT(problem(with(R"({"tags":5,"images":5})")), HasSubstr("0.fuse.images. one of the keys"));
}

/// R35: every condition applies to what its rule selects, or is refused.
TEST(RetentionGrammar, RefusesAConditionThatCannotApply) {
    EXPECT_THAT(problem_of_rule("delete", R"({"untagged-for":"7d","newest":3})"),
                HasSubstr("0.delete.0.newest. one of the keys"));
}

TEST(RetentionGrammar, ReadsNumbersAndDurationsAsYamlWritesThem) {
    EXPECT_EQ(problem_of_rule("keep", R"({"tags":["1.10"],"newest":"3"})"), "none");
    using namespace std::chrono;
    EXPECT_EQ(retention::parse_duration("36h"), hours(36));
    EXPECT_EQ(retention::parse_duration("2w"), days(14));
    EXPECT_EQ(retention::parse_duration("1d12h"), hours(36));
    for (auto const* const text : {"", "7", "d", "-1d", "1.5d", "7 d", "99999999999999999999d", "1000000w"}) {
        EXPECT_EQ(retention::parse_duration(text), std::nullopt) << text;
    }
    EXPECT_EQ(retention::parse_size("65536"), 65536U);
    EXPECT_EQ(retention::parse_size("512B"), 512U);
    EXPECT_EQ(retention::parse_size("50GiB"), std::uint64_t{50} << 30);
    EXPECT_EQ(retention::parse_size("1048576TiB"), std::uint64_t{1} << 60);
    for (auto const* const text :
         {"", "GiB", "5x", "5 GiB", "5GB", "-1", "1.5GiB", "1048577TiB", "5000000000"}) {
        EXPECT_EQ(retention::parse_size(text), std::nullopt) << text;
    }
    EXPECT_EQ(retention::size_text(std::uint64_t{50} << 30), "50GiB");
    EXPECT_EQ(retention::size_text(1500), "1500B");
    EXPECT_EQ(retention::duration_text(hours(36)), "36h");
    EXPECT_EQ(retention::duration_text(days(14)), "14d");
}

struct Random {
    std::mt19937 engine{20261128};
    std::size_t below(std::size_t limit) { return engine() % limit; }
    template <class T>
    T one_of(std::vector<T> const& all) {
        return all[below(all.size())];
    }
};

retention::Repository a_random_repository(Random& random) {
    ARepository made;
    for (std::size_t i = 0; i < 12; ++i) {
        auto const name = random.one_of<std::string>({"v1.0.", "v1.1.", "dev-", "main-"}) + std::to_string(i);
        made.tag(name, "m" + std::to_string(random.below(6)), std::chrono::hours(random.below(1000)));
    }
    return made.done();
}

retention::Rule a_random_rule(Random& random) {
    retention::Rule rule;
    auto const pattern = random.one_of<std::string>({"*", "v*", "dev-*", "*-{1,2,3}", "main-?"});
    rule.tags = {retention::Glob::parse(pattern).value()};
    if (random.below(2) == 0) rule.older_than = std::chrono::hours(random.below(1000));
    if (random.below(3) == 0) rule.pushed_within = std::chrono::hours(random.below(1000));
    if (random.below(4) == 0) rule.except = {retention::Glob::parse("*1").value()};
    return rule;
}

/// R30: keep beats delete, and the order of rules and policies changes nothing.
TEST(RetentionProperty, KeepWinsAndOrderDoesNotMatter) {
    Random random;
    for (int round = 0; round < 500; ++round) {
        auto const app = a_random_repository(random);
        std::vector<retention::Policy> policies;
        for (std::size_t i = 0; i < 1 + random.below(3); ++i) {
            retention::Policy one{.name = std::to_string(i), .floor = random.below(3)};
            one.repositories.push_back(oci::RepositoryPattern::parse("**").value());
            for (std::size_t n = random.below(3); n > 0; --n) {
                one.keep.push_back(a_random_rule(random));
                one.keep.back().newest = 1 + random.below(4);
            }
            for (std::size_t n = 1 + random.below(2); n > 0; --n) one.remove.push_back(a_random_rule(random));
            policies.push_back(std::move(one));
        }
        auto const before = deleted(policies, app);
        for (auto& one : policies) {
            std::ranges::shuffle(one.keep, random.engine);
            std::ranges::shuffle(one.remove, random.engine);
        }
        std::ranges::shuffle(policies, random.engine);
        EXPECT_EQ(deleted(policies, app), before) << "in another order";
        policies.front().keep.push_back(a_random_rule(random));
        auto const kept = deleted(policies, app);
        EXPECT_TRUE(std::ranges::includes(before, kept)) << "a keep rule enlarges nothing";
        retention::View const view(app, now);
        for (auto const& one : retention::select(policies.front().keep.back(), view)) {
            EXPECT_FALSE(kept.contains(app.tags[one.index].name)) << "keep beats delete";
        }
        policies.back().remove.push_back(a_random_rule(random));
        auto const more = deleted(policies, app);
        EXPECT_TRUE(std::ranges::includes(more, kept)) << "a delete rule shrinks nothing";
    }
}

TEST(RetentionProperty, AHundredThousandTagsAreDecided) {
    ARepository made;
    retention::Repository app = made.manifest("m").done();
    for (int i = 0; i < 100'000; ++i) {
        app.tags.push_back(
            {"v1." + std::to_string(i % 100) + "." + std::to_string(i), 0, now - std::chrono::minutes(i)});
    }
    auto const policies = policy(R"("keep":[{"semver":true,"newest":3,"per":"minor"}],"fuse":"100%",)"
                                 R"("delete":[{"tags":"*","older-than":"1d"}])");
    retention::View const view(app, now);
    auto const outcome = evaluate(policies, view);
    EXPECT_EQ(outcome.rows.size(), 100'000U);
    EXPECT_EQ(outcome.deleted_tags, 100'000U - 1440 - 300);
}

}  // namespace
}  // namespace ocilot
