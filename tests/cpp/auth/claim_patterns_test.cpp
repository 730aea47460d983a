#include "auth/claim_patterns.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace ocilot;
using namespace ocilot::auth;

TEST(Claim, IsFoundWithinAnother) {
    auto const claims = nlohmann::json::parse(
        R"({"sub":"x","a/b":1,"a":{"b":2,"c":{"d":"deep"}},"k8s.io":{"namespace":"ci"},"list":[1]})");
    EXPECT_EQ(*find_claim(claims, "a/b"), 1) << "itself";
    EXPECT_EQ(*find_claim(claims, "a/c/d"), "deep");
    EXPECT_EQ(*find_claim(claims, "k8s.io/namespace"), "ci");
    for (std::string const name : {"", "/", "a/", "a/x", "sub/x", "list/0", "x/y", "a/c/d/e"})
        EXPECT_EQ(find_claim(claims, name), nullptr) << name;
}

TEST(Claim, IsTextIfItIsASingleValue) {
    auto const text = [](char const* json) { return claim_text(nlohmann::json::parse(json)); };
    EXPECT_EQ(text(R"("a b")"), "a b");
    EXPECT_EQ(text("12"), "12");
    EXPECT_EQ(text("-1"), "-1");
    EXPECT_EQ(text("true"), "true");
    for (auto const* const json : {"null", "[]", R"(["a"])", "{}"})
        EXPECT_EQ(text(json), std::nullopt) << json;
}

TEST(ClaimTemplate, IsFilledOnce) {
    auto const value = [](std::string_view claim) -> std::optional<std::string> {
        if (claim == "a") return "{b}";
        if (claim == "b") return "B";
        return std::nullopt;
    };
    EXPECT_EQ(fill_template("ci-{b}-{b}", value), "ci-B-B");
    EXPECT_EQ(fill_template("{a}", value), "{b}");
    EXPECT_EQ(fill_template("plain", value), "plain");
    EXPECT_EQ(fill_template("", value), "");
    EXPECT_EQ(fill_template("{b}{c}", value), std::nullopt);
}

TEST(ClaimTemplate, HasItsBracesAroundNames) {
    for (std::string const text : {"", "plain", "{a}", "x{a}y{b}z", "{a}{b}", "{kubernetes.io/namespace}"})
        EXPECT_TRUE(check_template(text).has_value()) << text;
    for (std::string const text : {"{", "}", "{}", "{a", "a}", "{{a}}", "{a}}", "{a{b}", "}{"})
        EXPECT_TRUE(check_template(text).has_error()) << text;
}

TEST(AccountName, HasTheNumbersOfBytesThatNoNameHas) {
    EXPECT_EQ(as_account_name("repo:octo/app:ref:refs/heads/a b\n\xc3\xa4"),
              "repo:octo/app:ref:refs/heads/a%20b%0A%C3%A4");
}
