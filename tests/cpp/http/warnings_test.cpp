#include "http/core/warnings.h"

#include "app_fixture.h"

namespace ocilot::http {
namespace {

TEST(Warnings, AreQuotedStrings) {
    Response response;
    add_warnings(response, {"a \"b\" \\ c", "line\r\nbreak \xc3\xa9"});
    EXPECT_EQ(test::values(response, "Warning"),
              (std::vector<std::string>{R"(299 - "a \"b\" \\ c")", R"(299 - "line??break ??")"}));
}

TEST(Warnings, StayWithinTheLimitTogether) {
    Response response;
    add_warnings(response, std::vector<std::string>(200, std::string(100, 'w')));
    std::size_t bytes = 0;
    for (auto const& line : test::values(response, "Warning")) bytes += line.size() + 11;
    EXPECT_LE(bytes, 4096U);
    EXPECT_EQ(test::values(response, "Warning").back(), R"(299 - "and 167 more")");
    Response few;
    add_warnings(few, {std::string(5000, 'w')});
    EXPECT_EQ(test::value(few, "Warning"), R"(299 - "and 1 more")");
}

class WrongSizes : public test::AppTest {
  protected:
    void SetUp() override {
        AppTest::SetUp();
        bytes = image(push("{ }"));
    }
    std::string bytes;  ///< its config has three bytes, and it says two
};

TEST_F(WrongSizes, AreTakenWithAWarning) {
    auto const answer = put("v1", bytes);
    EXPECT_EQ(answer.status(), 201U);
    EXPECT_EQ(answer["Warning"], "299 - \"" + sha256("{ }") + " has 3 bytes, not 2\"");
    auto const right = put("v1", image(push("{}")));
    EXPECT_EQ(right["Warning"], "");
    auto const index = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":1}}]}})",
        oci_index, oci_manifest, sha256(bytes));
    auto const listed = ask(Method::put, "/v2/team/app/manifests/all", {{"Content-Type", oci_index}}, index);
    EXPECT_EQ(listed.status(), 201U);
    EXPECT_EQ(listed["Warning"],
              fmt::format("299 - \"{} has {} bytes, not 1\"", sha256(bytes), bytes.size()));
}

TEST_F(WrongSizes, AreRefusedWhereSizesAreStrict) {
    rules.strict_sizes = true;
    rebuild();
    auto const answer = put("v1", bytes);
    EXPECT_EQ(answer.status(), 400U);
    EXPECT_TRUE(answer.says("MANIFEST_INVALID"));
    EXPECT_TRUE(answer.says("has 3 bytes, not 2"));
    EXPECT_EQ(get("/v2/team/app/manifests/v1").status(), 404U);
    EXPECT_EQ(put("v1", image(push("{}"))).status(), 201U);
}

}  // namespace
}  // namespace ocilot::http
