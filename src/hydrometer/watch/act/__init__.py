"""What is done about a cluster: policy, actions, decisions, exports."""
