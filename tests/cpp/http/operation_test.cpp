#include "http/core/operation.h"

#include "http/core/target.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

constexpr std::string_view orders[] = {"name", "-name"};
constexpr Schema patterns = schema::list_of(schema::any_text);
constexpr Field fields[] = {optional({"sort", schema::one_of(orders)}),
                            optional({"n", schema::count}),
                            optional({"tag", patterns}),
                            {"digest", schema::digest}};
constexpr Operation operation{.query = fields};

std::string problem(std::string_view query, Operation const& with = operation) {
    auto const checked = check_parameters(with, *Query::parse(query));
    if (checked.has_value()) return {};
    EXPECT_EQ(checked.error().code, Errc::bad_request);
    return checked.error().message;
}

TEST(Parameters, AreThoseOfTheOperation) {
    EXPECT_EQ(problem("digest=x"), "");
    EXPECT_EQ(problem("n=1&digest=x&sort=-name"), "");
    EXPECT_EQ(problem("digest=x&N=1"), "unknown parameter \"N\": expected one of sort, n, tag, digest");
    EXPECT_EQ(problem("n=1", {}), "unknown parameter \"n\": this request accepts none");
    EXPECT_EQ(problem("", {}), "");
}

TEST(Parameters, AreGivenOnceAndIfRequired) {
    EXPECT_EQ(problem("digest=x&n=1&n=2"), "parameter n is repeated: expected one value");
    EXPECT_EQ(problem("n=1"), "missing parameter digest");
    EXPECT_EQ(problem("digest=x&tag=a&tag=b"), "") << "a list";
}

TEST(Parameters, WithChoicesAreOneOfThem) {
    EXPECT_EQ(problem("digest=x&sort=size"), "invalid parameter sort \"size\": expected one of name, -name");
    EXPECT_EQ(problem("digest=x&sort="), "invalid parameter sort \"\": expected one of name, -name");
}

}  // namespace
}  // namespace ocilot::http
