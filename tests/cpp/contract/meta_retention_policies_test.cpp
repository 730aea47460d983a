#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

class MetaRetentionPoliciesContract : public MetaStoreContract {
  protected:
    Result<bool> set(std::string const& name, std::string const& content, int second = 1,
                     std::size_t most = 10) {
        return run(policies().set({name, content, at(second), "ann"}, most,
                                  change(meta::ChangeKind::policy_set, name, second)));
    }
    Result<> remove(std::string const& name) {
        return run(policies().remove(name, change(meta::ChangeKind::policy_remove, name, 9)));
    }
    std::vector<std::string> stored() {
        std::vector<std::string> found;
        for (auto const& one : run(policies().policies()).value()) {
            found.push_back(one.name + " " + one.content + " " + one.changed_by);
        }
        return found;
    }
    /// Newest first.
    std::vector<std::string> noted() {
        std::vector<std::string> found;
        for (auto const& entry : run(store->journal().entries({})).value().items) {
            found.push_back(std::string(to_string(entry.kind)) + " " + entry.name);
        }
        return found;
    }
    meta::RetentionPolicies& policies() { return store->retention_policies(); }

  private:
    static meta::Change change(meta::ChangeKind kind, std::string const& name, int second) {
        return {.at = at(second), .kind = kind, .by = {.name = "ann", .kind = "user"}, .name = name};
    }
};

}  // namespace

TEST_P(MetaRetentionPoliciesContract, EachPolicyIsItsLastOne) {
    EXPECT_THAT(stored(), IsEmpty());
    EXPECT_TRUE(set("b", "{}").value());
    EXPECT_TRUE(set("a", R"({"floor":1})").value());
    EXPECT_FALSE(set("b", R"({"floor":2})", 7).value()) << "it replaces one";
    EXPECT_THAT(stored(), ElementsAre(R"(a {"floor":1} ann)", R"(b {"floor":2} ann)"));
    EXPECT_EQ(run(policies().policies()).value().at(1).changed_at, at(7));
    ASSERT_TRUE(remove("a").has_value());
    EXPECT_THAT(stored(), ElementsAre(R"(b {"floor":2} ann)"));
    EXPECT_THAT(noted(), ElementsAre("policy.remove a", "policy.set b", "policy.set a", "policy.set b"));
}

TEST_P(MetaRetentionPoliciesContract, WhatIsNotThereIsNotRemoved) {
    EXPECT_EQ(remove("a").error().code, Errc::not_found);
    EXPECT_THAT(noted(), IsEmpty());
}

TEST_P(MetaRetentionPoliciesContract, ThereAreOnlySoMany) {
    ASSERT_TRUE(set("a", "{}", 1, 2).has_value());
    ASSERT_TRUE(set("b", "{}", 1, 2).has_value());
    auto const refused = set("c", "{}", 1, 2);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("there are 2 retention policies already"));
    EXPECT_FALSE(set("b", R"({"floor":1})", 1, 2).value()) << "one that is there can be replaced";
    EXPECT_THAT(noted(), ElementsAre("policy.set b", "policy.set b", "policy.set a"));
}

OCILOT_META_KINDS(MetaRetentionPoliciesContract);
