#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace ocilot::test {

/// One change of a disk, or what makes changes last. Files and directories are nodes, numbered; the root is
/// 0.
struct DiskStep {
    enum class Kind : std::uint8_t { make, write, truncate, enter, leave, sync, fail_sync };
    Kind kind;
    int node;                   ///< what is made, written to or synced; the directory of an entry
    std::string text = {};      ///< bytes written; name of the entry
    std::uint64_t offset = 0;   ///< of a write; size that is left
    int entry = 0;              ///< node that gets the name
    bool is_directory = false;  ///< of what is made
};

/// Files by path; directories end in a slash.
using DiskTree = std::map<std::string, std::string>;

/// What can be on a disk if the power goes after some steps. Lasting is only what was synced: bytes by a sync
/// of their file, names by a sync of their directory. Anything else has arrived, or not, or in part, in any
/// order.
class PowerCut {
  public:
    explicit PowerCut(std::span<DiskStep const> steps) {
        nodes_[0].is_directory = true;
        for (auto const& step : steps) play(step);
    }

    /// Disks to try: nothing, everything, all but one and only one of what is not certain, names without
    /// bytes and bytes without names, each write torn or as zeros, and some by chance.
    [[nodiscard]] std::vector<DiskTree> disks() const {
        auto const n = uncertain_.size();
        std::vector<Fate> const none(n, Fate::lost);
        std::vector<Fate> const all(n, Fate::kept);
        std::vector<std::vector<Fate>> choices{none, all};
        auto names = none;
        auto bytes = none;
        for (std::size_t i = 0; i < n; ++i) (is_write(i) ? bytes : names)[i] = Fate::kept;
        choices.push_back(names);
        choices.push_back(bytes);
        for (std::size_t i = 0; i < n; ++i) {
            add(choices, none, i, Fate::kept);
            add(choices, all, i, Fate::lost);
            if (!is_write(i)) continue;
            for (auto const fate : {Fate::torn, Fate::zeros}) {
                add(choices, all, i, fate);
                add(choices, names, i, fate);
            }
        }
        std::mt19937 chance(static_cast<unsigned>(n));
        for (int i = 0; i < 8; ++i) {
            auto choice = none;
            for (auto& fate : choice) fate = static_cast<Fate>(chance() % 4);
            choices.push_back(std::move(choice));
        }
        std::vector<DiskTree> disks;
        for (auto const& choice : choices) disks.push_back(disk(choice));
        return disks;
    }

    /// The disk that has lost everything it may lose.
    [[nodiscard]] DiskTree worst() const { return disk(std::vector<Fate>(uncertain_.size(), Fate::lost)); }

  private:
    enum class Fate : std::uint8_t { lost, kept, torn, zeros };
    struct Node {
        bool is_directory = false;
        std::string bytes = {};
        std::map<std::string, int> entries = {};
    };
    using Nodes = std::map<int, Node>;

    [[nodiscard]] bool is_write(std::size_t i) const { return uncertain_[i].kind == DiskStep::Kind::write; }

    static void add(std::vector<std::vector<Fate>>& choices, std::vector<Fate> choice, std::size_t i,
                    Fate fate) {
        choice[i] = fate;
        choices.push_back(std::move(choice));
    }

    void play(DiskStep const& step) {
        switch (step.kind) {
            case DiskStep::Kind::make:
                nodes_[step.node].is_directory = step.is_directory;
                break;
            case DiskStep::Kind::write:
            case DiskStep::Kind::truncate:
            case DiskStep::Kind::enter:
            case DiskStep::Kind::leave:
                uncertain_.push_back(step);
                break;
            case DiskStep::Kind::sync:
                for (auto const& one : uncertain_) {
                    if (one.node == step.node) apply(nodes_, one, Fate::kept);
                }
                std::erase_if(uncertain_, [&](auto const& one) { return one.node == step.node; });
                break;
            case DiskStep::Kind::fail_sync:
                // The kernel takes bytes it could not write for written: no later sync brings them back.
                std::erase_if(uncertain_, [&](auto const& one) {
                    return one.node == step.node && one.kind == DiskStep::Kind::write;
                });
                break;
        }
    }

    static void apply(Nodes& nodes, DiskStep const& step, Fate fate) {
        if (fate == Fate::lost) return;
        auto& node = nodes[step.node];
        if (step.kind == DiskStep::Kind::enter) node.entries[step.text] = step.entry;
        if (step.kind == DiskStep::Kind::leave) node.entries.erase(step.text);
        if (step.kind == DiskStep::Kind::truncate && step.offset < node.bytes.size())
            node.bytes.resize(static_cast<std::size_t>(step.offset));
        if (step.kind != DiskStep::Kind::write) return;
        auto text = fate == Fate::zeros ? std::string(step.text.size(), '\0') : step.text;
        if (fate == Fate::torn) text.resize(text.size() / 2);
        auto const begin = static_cast<std::size_t>(step.offset);
        if (node.bytes.size() < begin + text.size()) node.bytes.resize(begin + text.size());
        node.bytes.replace(begin, text.size(), text);
    }

    [[nodiscard]] DiskTree disk(std::vector<Fate> const& choice) const {
        auto nodes = nodes_;
        for (std::size_t i = 0; i < choice.size(); ++i) apply(nodes, uncertain_[i], choice[i]);
        DiskTree tree;
        collect(nodes, 0, "", tree);
        return tree;
    }

    static void collect(Nodes const& nodes, int directory, std::string const& path, DiskTree& tree) {
        for (auto const& [name, number] : nodes.at(directory).entries) {
            auto const& node = nodes.at(number);
            if (node.is_directory) {
                tree[path + name + "/"];
                collect(nodes, number, path + name + "/", tree);
            } else {
                tree[path + name] = node.bytes;
            }
        }
    }

    Nodes nodes_;
    std::vector<DiskStep> uncertain_;
};

/// Makes `tree` real in the empty directory `root`.
inline void write_tree(std::filesystem::path const& root, DiskTree const& tree) {
    for (auto const& [path, bytes] : tree) {
        if (path.ends_with('/')) {
            std::filesystem::create_directory(root / path);
        } else {
            std::ofstream(root / path, std::ios::binary) << bytes;
        }
    }
}

}  // namespace ocilot::test
