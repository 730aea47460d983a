#pragma once

#include "contract/meta_store_fixture.h"

#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::test {

class MetaCollectionContract : public MetaStoreContract {
  protected:
    meta::Collection& queue() { return store->collection(); }
    void add(std::string_view content, int released, bool fresh = false) {
        ASSERT_TRUE(
            run(queue().enqueue({{app.str(), digest(content), at(released), fresh}}, {})).has_value());
    }
    meta::Reviewed review(std::vector<oci::Digest> digests, int now) {
        return run(queue().review(app, std::move(digests), cutoffs(now))).value();
    }
    meta::Purged purge(std::vector<oci::Digest> digests, int now) {
        return run(queue().purge(app, std::move(digests), cutoffs(now), at(now))).value();
    }
    std::vector<oci::Digest> due(std::string_view repository, int now) {
        std::vector<oci::Digest> found;
        for (auto const& candidate : run(queue().due(cutoffs(now), 100)).value()) {
            if (candidate.repository == repository) found.push_back(candidate.digest);
        }
        return found;
    }
    static meta::ReviewCutoffs cutoffs(int now) { return {at(now), at(now - 10)}; }
    bool has_link(std::string_view content) { return run(links().blob(app, digest(content))).has_value(); }
    bool has_manifest(std::string_view content) {
        return run(catalog().manifest(app, digest(content))).has_value();
    }
};

}  // namespace ocilot::test
