#include "model.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace ocilot::load {

Model Model::read(std::string const& path) {
    if (path.empty()) throw std::runtime_error("--model FILE is missing");
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + " cannot be read");
    std::array<char const*, 3> const names{"v2", "manifests", "blobs"};
    Model model;
    try {
        auto const json = nlohmann::json::parse(file);
        for (std::size_t from = 0; from < names.size(); ++from) {
            for (std::size_t to = 0; to < names.size(); ++to) {
                model.next[from][to] = json.at("markov").at(names[from]).at(names[to]).get<double>();
            }
        }
        model.manifest_shares = json.at("manifests_cum_share_by_rank").get<Curve>();
        model.blob_shares = json.at("blobs_cum_share_by_rank").get<Curve>();
    } catch (nlohmann::json::exception const& problem) {
        throw std::runtime_error(path + " is no model of a trace: " + problem.what());
    }
    return model;
}

}  // namespace ocilot::load
