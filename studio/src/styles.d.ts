/** Style sheets beside a group of components. The build gives them to the page with their components. */
declare module "*.css";
