#include "jobs/candidates.h"

#include "oci/hasher.h"

#include <gmock/gmock.h>
#include <span>
#include <vector>

using namespace ocilot;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

oci::Digest const one = oci::digest_of(oci::Algorithm::sha256, "one");
oci::Digest const two = oci::digest_of(oci::Algorithm::sha256, "two");

meta::Change change(meta::ChangeKind kind) {
    return {.at = Time(std::chrono::seconds(5)),
            .kind = kind,
            .repository = "team/app",
            .digest = one.str(),
            .details = {.tags = {{"v1", two.str()}, {"new"}}}};
}
meta::Candidate candidate(oci::Digest const& digest, bool fresh) {
    return {"team/app", digest, Time(std::chrono::seconds(5)), fresh};
}

}  // namespace

TEST(Candidates, WhatIsPushedIsFresh) {
    using Kind = meta::ChangeKind;
    for (auto const kind : {Kind::manifest_push, Kind::blob_push, Kind::blob_mount, Kind::manifest_restore}) {
        EXPECT_THAT(jobs::candidates_of(change(kind)), ElementsAre(candidate(one, true)));
    }
}

TEST(Candidates, WhatIsRemovedAndWhatATagPointedToIsReleased) {
    using Kind = meta::ChangeKind;
    for (auto const kind : {Kind::manifest_delete, Kind::blob_delete}) {
        EXPECT_THAT(jobs::candidates_of(change(kind)), ElementsAre(candidate(one, false)));
    }
    for (auto const kind : {Kind::tag_move, Kind::tag_delete, Kind::tag_restore}) {
        EXPECT_THAT(jobs::candidates_of(change(kind)), ElementsAre(candidate(two, false)));
    }
}

TEST(Candidates, RefusalsAndOtherChangesReleaseNothing) {
    auto refused = change(meta::ChangeKind::manifest_delete);
    refused.refused = true;
    EXPECT_THAT(jobs::candidates_of(refused), IsEmpty());
    for (auto const kind : {meta::ChangeKind::account_add, meta::ChangeKind::manifest_collect}) {
        EXPECT_THAT(jobs::candidates_of(change(kind)), IsEmpty());
    }
}

TEST(Candidates, AreTakenOneRepositoryAfterTheOther) {
    auto other = candidate(two, false);
    other.repository = "other";
    std::vector const all{candidate(one, false), candidate(two, true), other, candidate(one, true)};
    EXPECT_THAT(jobs::of_one_repository(all), ElementsAre(candidate(one, false), candidate(two, true)));
    EXPECT_THAT(jobs::of_one_repository(std::span(all).subspan(2)), ElementsAre(other));
}
